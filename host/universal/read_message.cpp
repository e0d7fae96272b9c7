#include "host/universal/read_message.hpp"

#include <cmath>

#include "host/universal/json.hpp"
#include "host/universal/unicode.hpp"

namespace trunkline::universal {

namespace json = boost::json;

namespace {

void finish(Members& members, Origin origin) {
    if (origin == Origin::portal) members.refuse_rest();
}

void read_span(Reading& reading, const json::value& value, Origin origin, Span& out) {
    Members members{reading, value};
    put(out, &Span::mutable_type, members.text("type", 64));
    out.set_offset(members.small("offset"));
    out.set_length(members.small("length"));
    put(out, &Span::mutable_url, members.url("url", kUrlBytesMax));
    put(out, &Span::mutable_user, members.id("user", kNameBytesMax));
    put(out, &Span::mutable_language, members.text("language", 64));
    finish(members, origin);
    if (out.type().empty()) reading.fail("a span needs a type");
}

void read_attachment(Reading& reading, const json::value& value, Origin origin, Attachment& out) {
    Members members{reading, value};
    put(out, &Attachment::mutable_kind, members.text("kind", 64));
    put(out, &Attachment::mutable_url, members.url("url", kUrlBytesMax));
    put(out, &Attachment::mutable_name, members.text("name", kNameBytesMax));
    put(out, &Attachment::mutable_mime, members.text("mime", 256));
    out.set_size(members.size("size"));
    out.set_width(members.small("width"));
    out.set_height(members.small("height"));
    constexpr double kSecondsMax = 1e9;
    const double seconds =
        members.number("duration", 0, kSecondsMax).value_or(0);  // some messengers say 12.5
    out.set_duration(static_cast<std::uint32_t>(seconds));
    if (origin == Origin::connector) {
        put(out, &Attachment::mutable_ref, members.text("ref", kUrlBytesMax));
        if (const auto expires = members.time("expires")) out.set_expires(*expires);
    } else {
        put(out, &Attachment::mutable_media, members.id("media", kNameBytesMax));
        if (reading.good() && out.media().empty() == out.url().empty())
            reading.fail("either media or url");
    }
    finish(members, origin);
    if (origin == Origin::connector && out.kind().empty())
        reading.fail("an attachment needs a kind");
}

// Boost.JSON 1.81 may miss the nearest double by one step, so that 55.7558 would go on
// as 55.755800000000001. Nine decimals are a tenth of a millimetre, and dividing a whole number
// gives exactly the double that was meant.
double coordinate(double degrees) {
    constexpr double kDecimals = 1e9;
    return std::round(degrees * kDecimals) / kDecimals;
}

void read_location(Reading& reading, const json::value& value, Origin origin, Location& out) {
    Members members{reading, value};
    const auto latitude = members.number("latitude", -90, 90);
    const auto longitude = members.number("longitude", -180, 180);
    if (!latitude || !longitude) reading.fail("a location needs latitude and longitude");
    out.set_latitude(coordinate(latitude.value_or(0)));
    out.set_longitude(coordinate(longitude.value_or(0)));
    put(out, &Location::mutable_title, members.text("title", kNameBytesMax));
    put(out, &Location::mutable_address, members.text("address", kNameBytesMax));
    put(out, &Location::mutable_url, members.url("url", kUrlBytesMax));
    finish(members, origin);
}

void read_contact(Reading& reading, const json::value& value, Origin origin, Contact& out) {
    Members members{reading, value};
    put(out, &Contact::mutable_name, members.text("name", kNameBytesMax));
    put(out, &Contact::mutable_phone, members.text("phone", 256));
    put(out, &Contact::mutable_email, members.text("email", 512));
    put(out, &Contact::mutable_user, members.id("user", kNameBytesMax));
    out.set_own(members.flag("own").value_or(false));
    put(out, &Contact::mutable_vcard, members.text("vcard", 64 * 1024));
    finish(members, origin);
}

void read_product(Reading& reading, const json::value& value, Product& out) {
    Members members{reading, value};
    put(out, &Product::mutable_id, members.id("id", kNameBytesMax));
    put(out, &Product::mutable_title, members.text("title", kNameBytesMax));
    put(out, &Product::mutable_text, members.text("text", 64 * 1024));
    put(out, &Product::mutable_url, members.url("url", kUrlBytesMax));
    put(out, &Product::mutable_image, members.url("image", kUrlBytesMax));
    // A whole number is a price, a fraction must be text.
    put(out, &Product::mutable_price, members.id("price", 64));
    put(out, &Product::mutable_currency, members.text("currency", 16));
    out.set_quantity(members.small("quantity"));
}

void read_buttons(Reading& reading, const json::array& rows, Origin origin, Message& out) {
    std::size_t count = 0;
    for (std::size_t i = 0; i < rows.size() && reading.good(); ++i) {
        const Reading::Step at_row{reading, i};
        const auto* row = rows[i].if_array();
        if (row == nullptr) return reading.fail("expected a row, which is a list of buttons");
        ButtonRow& into = *out.add_buttons();
        for (std::size_t k = 0; k < row->size() && reading.good(); ++k) {
            const Reading::Step at_button{reading, k};
            if (++count > kButtonsMax)
                return reading.too_large("at most " + std::to_string(kButtonsMax) + " buttons");
            Button& button = *into.add_buttons();
            read_button(reading, (*row)[k], origin, button);
            if (reading.good() && button.text().empty()) reading.fail("a button needs a text");
        }
    }
}

void read_parts(Reading& reading, Members& members, Origin origin, Message& out) {
    if (const auto* location = members.take("location")) {
        const Reading::Step step{reading, "location"};
        read_location(reading, *location, origin, *out.mutable_location());
    }
    if (const auto* contact = members.take("contact")) {
        const Reading::Step step{reading, "contact"};
        read_contact(reading, *contact, origin, *out.mutable_contact());
    }
    if (const auto* rows = members.list("buttons", kButtonsMax)) {
        const Reading::Step step{reading, "buttons"};
        read_buttons(reading, *rows, origin, out);
    }
    if (const auto* reply = members.take("reply_to")) {
        const Reading::Step step{reading, "reply_to"};
        Members of{reading, *reply};
        out.mutable_reply_to()->set_id(of.id("id", kNameBytesMax));
        out.mutable_reply_to()->set_text(of.optional_text("text", kTextCodePointsMax).value_or(""));
        out.mutable_reply_to()->set_quote(of.optional_text("quote", kTextCodePointsMax).value_or("")
        );
        finish(of, origin);
    }
    put(out, &Message::mutable_as, members.text("as", 64));
}

// What only a messenger can say.
void read_facts(Reading& reading, Members& members, Message& out) {
    if (const auto* forward = members.take("forwarded_from")) {
        const Reading::Step step{reading, "forwarded_from"};
        Members of{reading, *forward};
        out.mutable_forwarded_from()->set_name(of.text("name", kNameBytesMax));
        out.mutable_forwarded_from()->set_id(of.id("id", kNameBytesMax));
        out.mutable_forwarded_from()->set_url(of.url("url", kUrlBytesMax));
    }
    put(out, &Message::mutable_group, members.id("group", kNameBytesMax));
    if (const auto order = members.integer("order")) out.set_order(*order);
    if (const auto* product = members.take("product")) {
        const Reading::Step step{reading, "product"};
        read_product(reading, *product, *out.mutable_product());
    }
    if (const auto* start = members.take("start")) {
        const Reading::Step step{reading, "start"};
        Members of{reading, *start};
        out.mutable_start()->set_ref(of.text("ref", kNameBytesMax));
        out.mutable_start()->set_payload(of.text("payload", kNameBytesMax));
        out.mutable_start()->set_source(of.text("source", kNameBytesMax));
    }
}

template <class List, class Read>
void read_list(
    Reading& reading, std::string_view name, const json::array* list, List& into, const Read& read
) {
    if (list == nullptr) return;
    const Reading::Step step{reading, name};
    for (std::size_t i = 0; i < list->size() && reading.good(); ++i) {
        const Reading::Step at{reading, i};
        read((*list)[i], *into.Add());
    }
}

}  // namespace

void read_button(Reading& reading, const json::value& value, Origin origin, Button& out) {
    Members members{reading, value};
    put(out, &Button::mutable_id, members.id("id", kNameBytesMax));
    put(out, &Button::mutable_text, members.text("text", kNameBytesMax));
    put(out, &Button::mutable_url, members.url("url", kUrlBytesMax));
    put(out, &Button::mutable_payload, members.text("payload", kNameBytesMax));
    put(out, &Button::mutable_asks, members.text("asks", 64));
    finish(members, origin);
}

void read_message(Reading& reading, const json::value& value, Origin origin, Message& out) {
    Members members{reading, value};
    put(out, &Message::mutable_id, members.id("id", kNameBytesMax));
    if (auto text = members.optional_text("text", kTextCodePointsMax))
        out.set_text(*std::move(text));
    read_list(
        reading,
        "spans",
        members.list("spans", kSpansMax),
        *out.mutable_spans(),
        [&](const auto& one, Span& span) { read_span(reading, one, origin, span); }
    );
    read_list(
        reading,
        "attachments",
        members.list("attachments", kAttachmentsMax),
        *out.mutable_attachments(),
        [&](const auto& one, Attachment& attachment) {
            read_attachment(reading, one, origin, attachment);
        }
    );
    read_parts(reading, members, origin, out);
    if (origin == Origin::connector) read_facts(reading, members, out);
    check_spans(reading, out);
    if (origin == Origin::connector) put(out, &Message::mutable_extra, members.rest());
    finish(members, origin);
}

void check_spans(Reading& reading, Message& message) {
    if (message.spans_size() == 0) return;
    const auto length = static_cast<std::uint64_t>(count_code_points(message.text()));
    const Reading::Step step{reading, "spans"};
    int kept = 0;
    for (int i = 0; i < message.spans_size(); ++i) {
        Span& span = *message.mutable_spans(i);
        const Reading::Step at{reading, static_cast<std::size_t>(i)};
        if (span.offset() > length) return reading.fail("begins behind the text");
        const std::uint64_t room = length - span.offset();
        if (span.length() > room) span.set_length(static_cast<std::uint32_t>(room));
        if (span.length() == 0) continue;
        if (kept != i) message.mutable_spans()->SwapElements(kept, i);
        ++kept;
    }
    message.mutable_spans()->DeleteSubrange(kept, message.spans_size() - kept);
}

}  // namespace trunkline::universal
