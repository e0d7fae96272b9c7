#include "host/universal/write_message.hpp"

#include "host/universal/json_text.hpp"

namespace trunkline::universal {
namespace {

void write_span(const Span& span, std::string& out) {
    ObjectText object{out};
    object.text("type", span.type());
    object.number("offset", span.offset());
    object.number("length", span.length());
    object.text_if("url", span.url());
    object.text_if("user", span.user());
    object.text_if("language", span.language());
    object.end();
}

void write_attachment(const Attachment& attachment, Audience audience, std::string& out) {
    ObjectText object{out};
    object.text("kind", attachment.kind());
    if (audience == Audience::portal) object.text("url", attachment.url());
    if (audience == Audience::connector) {
        object.text_if("file", attachment.file());
        // The host's own address where there is one: it has the right extension and outlives a
        // stranger's.
        object.text(
            "public_url",
            attachment.public_url().empty() ? attachment.url() : attachment.public_url()
        );
    }
    object.text("name", attachment.name());
    object.text("mime", attachment.mime());
    object.number("size", attachment.size());
    object.number("width", attachment.width());
    object.number("height", attachment.height());
    object.number("duration", attachment.duration());
    if (audience == Audience::portal) {
        if (attachment.has_expires())
            object.time("expires", attachment.expires());
        else
            object.text("expires", "");
    }
    object.end();
}

void write_location(const Location& location, std::string& out) {
    ObjectText object{out};
    object.number("latitude", location.latitude());
    object.number("longitude", location.longitude());
    object.text_if("title", location.title());
    object.text_if("address", location.address());
    object.text_if("url", location.url());
    object.end();
}

void write_contact(const Contact& contact, std::string& out) {
    ObjectText object{out};
    object.text_if("name", contact.name());
    object.text_if("phone", contact.phone());
    object.text_if("email", contact.email());
    object.text_if("user", contact.user());
    object.flag_if("own", contact.own());
    object.text_if("vcard", contact.vcard());
    object.end();
}

void write_product(const Product& product, std::string& out) {
    ObjectText object{out};
    object.text_if("id", product.id());
    object.text_if("title", product.title());
    object.text_if("text", product.text());
    object.text_if("url", product.url());
    object.text_if("image", product.image());
    object.text_if("price", product.price());
    object.text_if("currency", product.currency());
    object.number_if("quantity", product.quantity());
    object.end();
}

void write_relations(const Message& message, ObjectText& object) {
    if (message.has_reply_to()) {
        ObjectText reply{object.key("reply_to")};
        reply.text("id", message.reply_to().id());
        reply.text("text", message.reply_to().text());
        reply.text_if("quote", message.reply_to().quote());
        reply.end();
    }
    if (message.has_forwarded_from()) {
        ObjectText forward{object.key("forwarded_from")};
        forward.text("name", message.forwarded_from().name());
        forward.text_if("id", message.forwarded_from().id());
        forward.text_if("url", message.forwarded_from().url());
        forward.end();
    }
    object.text_if("group", message.group());
    if (message.has_order()) object.number("order", message.order());
}

}  // namespace

void write_button(const Button& button, std::string& out) {
    ObjectText object{out};
    object.text("id", button.id());
    object.text("text", button.text());
    object.text_if("url", button.url());
    object.text("payload", button.payload());
    object.text_if("asks", button.asks());
    object.end();
}

void write_message(const Message& message, Audience audience, std::string& out) {
    ObjectText object{out};
    object.text_if("id", message.id());
    if (message.has_text()) object.text("text", message.text());
    if (message.spans_size() > 0) {
        append_json_list(message.spans(), object.key("spans"), [&](const Span& span) {
            write_span(span, out);
        });
    }
    if (message.attachments_size() > 0) {
        append_json_list(
            message.attachments(),
            object.key("attachments"),
            [&](const Attachment& one) { write_attachment(one, audience, out); }
        );
    }
    write_relations(message, object);
    if (message.has_location()) write_location(message.location(), object.key("location"));
    if (message.has_contact()) write_contact(message.contact(), object.key("contact"));
    if (message.has_product()) write_product(message.product(), object.key("product"));
    if (message.has_start()) {
        ObjectText start{object.key("start")};
        start.text_if("ref", message.start().ref());
        start.text_if("payload", message.start().payload());
        start.text_if("source", message.start().source());
        start.end();
    }
    if (message.buttons_size() > 0) {
        append_json_list(message.buttons(), object.key("buttons"), [&](const ButtonRow& row) {
            append_json_list(row.buttons(), out, [&](const Button& button) {
                write_button(button, out);
            });
        });
    }
    object.text_if("as", message.as());
    object.members_of(message.extra());
    object.end();
}

}  // namespace trunkline::universal
