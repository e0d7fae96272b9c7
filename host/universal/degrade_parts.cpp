#include "host/universal/degrade_parts.hpp"

#include <algorithm>
#include <charconv>

#include "host/universal/json_text.hpp"
#include "host/universal/unicode.hpp"

namespace trunkline::universal {
namespace {

// What stands in for a kind, in this order, before its address must do.
std::vector<std::string> stand_ins(const Attachment& attachment) {
    const std::string& kind = attachment.kind();
    if (kind == "video_note" || kind == "animation") return {kind, "video", "file"};
    if (kind == "voice") return {kind, "audio", "file"};
    if (kind == "sticker" && attachment.mime().starts_with("image/"))
        return {kind, "image", "file"};
    if (kind == "file") return {kind};
    return {kind, "file"};
}

std::string kind_by_mime(const std::string& mime) {
    for (const char* kind : {"image", "video", "audio"}) {
        if (mime.starts_with(std::string{kind} + "/")) return kind;
    }
    return "file";
}

std::string address_line(const Attachment& attachment, const std::string& address) {
    return attachment.name().empty() ? address : attachment.name() + ": " + address;
}

// The kind the messenger takes it as; empty when only its address is left.
std::string accepted_kind(const KindFeatures& features, const Attachment& attachment) {
    for (const std::string& kind : stand_ins(attachment)) {
        const auto found = features.attachments.find(kind);
        if (found != features.attachments.end() && attachment.size() <= found->second.max_bytes)
            return kind;
    }
    return {};
}

bool button_fits(const Fitting& fitting, const ButtonLimits& limits, const Button& button) {
    if (count_units(button.text(), fitting.features.text_unit) > limits.text_max) return false;
    return button.payload().size() <= limits.payload_max_bytes &&
           (limits.urls || button.url().empty()) &&
           (button.asks().empty() || limits.asks.contains(button.asks()));
}

void buttons_to_list(Fitting& fitting) {
    std::string list;
    int number = 0;
    for (const ButtonRow& row : fitting.message.buttons()) {
        for (const Button& button : row.buttons()) {
            if (!list.empty()) list += '\n';
            list += std::to_string(++number) + ". " + button.text();
            if (!button.url().empty()) list += ": " + button.url();
        }
    }
    fitting.message.clear_buttons();
    if (number == 0) return;
    fitting.add_paragraph(list);
    fitting.changed("buttons", "numbered list in the text");
}

std::string place_text(const Location& location) {
    std::string out = location.title();
    const auto add = [&](const std::string& line) {
        if (line.empty()) return;
        if (!out.empty()) out += '\n';
        out += line;
    };
    add(location.address());
    if (!location.url().empty()) {
        add(location.url());
        return out;
    }
    std::string at = "https://www.openstreetmap.org/?mlat=";
    append_json_number(location.latitude(), at);
    at += "&mlon=";
    append_json_number(location.longitude(), at);
    add(at);
    return out;
}

}  // namespace

void Fitting::changed(std::string_view what, std::string_view how) {
    const bool said = std::any_of(changes.begin(), changes.end(), [&](const Change& change) {
        return change.what() == what && change.how() == how;
    });
    if (said) return;
    Change& change = changes.emplace_back();
    change.set_what(std::string{what});
    change.set_how(std::string{how});
}

void Fitting::add_paragraph(std::string_view text) {
    if (!body.text.empty()) body.text += "\n\n";
    body.text += text;
}

Result<void> fit_attachments(Fitting& fitting) {
    google::protobuf::RepeatedPtrField<Attachment> kept;
    std::string links;
    for (Attachment& attachment : *fitting.message.mutable_attachments()) {
        if (attachment.kind().empty()) attachment.set_kind(kind_by_mime(attachment.mime()));
        const std::string kind = accepted_kind(fitting.features, attachment);
        if (!kind.empty()) {
            if (kind != attachment.kind()) fitting.changed(attachment.kind(), "sent as " + kind);
            attachment.set_kind(kind);
            kept.Add(std::move(attachment));
            continue;
        }
        const bool link = attachment.kind() == "link" && !attachment.url().empty();
        const std::string& address =
            link || attachment.public_url().empty() ? attachment.url() : attachment.public_url();
        if (address.empty())
            return Error{
                Fault::unsupported,
                "unsupported_attachment: the messenger does not take it and it has no address"};
        const bool known = fitting.features.attachments.contains(attachment.kind());
        if (!link)
            fitting.changed(
                attachment.kind(), known ? "link in the text, too large" : "link in the text"
            );
        if (!links.empty()) links += '\n';
        links += address_line(attachment, address);
    }
    fitting.message.mutable_attachments()->Swap(&kept);
    if (!links.empty()) fitting.add_paragraph(links);
    return {};
}

void fit_spans(Fitting& fitting) {
    for (const std::string& type : keep_spans(fitting.body, fitting.features.spans)) {
        fitting.changed(type, type == "link" ? "address in the text" : "plain text");
    }
}

void fit_buttons(Fitting& fitting) {
    if (fitting.message.buttons_size() == 0) return;
    const auto& limits = fitting.features.buttons;
    std::vector<Button> all;
    bool fits = limits.has_value();
    bool same_rows =
        fits && static_cast<std::uint64_t>(fitting.message.buttons_size()) <= limits->rows;
    for (const ButtonRow& row : fitting.message.buttons()) {
        same_rows = same_rows && static_cast<std::uint64_t>(row.buttons_size()) <= limits->per_row;
        for (const Button& button : row.buttons()) {
            fits = fits && button_fits(fitting, *limits, button);
            all.push_back(button);
        }
    }
    if (!fits) return buttons_to_list(fitting);
    if (same_rows) return;
    // Fewer, longer rows, filled evenly from the first; what has no room even so becomes a list.
    const std::uint64_t per_row = limits->per_row;
    if ((all.size() + per_row - 1) / per_row > limits->rows) return buttons_to_list(fitting);
    const std::uint64_t needed =
        limits->rows == kNoLimit
            ? per_row
            : std::max<std::uint64_t>(1, (all.size() + limits->rows - 1) / limits->rows);
    const std::uint64_t width = std::min<std::uint64_t>(per_row, needed);
    fitting.message.clear_buttons();
    for (std::size_t i = 0; i < all.size(); ++i) {
        if (i % width == 0) fitting.message.add_buttons();
        *fitting.message.mutable_buttons(fitting.message.buttons_size() - 1)->add_buttons() =
            std::move(all[i]);
    }
    fitting.changed("buttons", "other rows");
}

void fit_places(Fitting& fitting) {
    if (fitting.message.has_location() && !fitting.features.location) {
        fitting.add_paragraph(place_text(fitting.message.location()));
        fitting.message.clear_location();
        fitting.changed("location", "text");
    }
    if (fitting.message.has_contact() && !fitting.features.contact) {
        std::string text;
        const Contact& contact = fitting.message.contact();
        for (const std::string* line : {&contact.name(), &contact.phone(), &contact.email()}) {
            if (line->empty()) continue;
            if (!text.empty()) text += '\n';
            text += *line;
        }
        fitting.add_paragraph(text);
        fitting.message.clear_contact();
        fitting.changed("contact", "text");
    }
}

void fit_reply(Fitting& fitting) {
    if (!fitting.message.has_reply_to()) return;
    if (!fitting.features.reply) {
        fitting.message.clear_reply_to();
        return fitting.changed("reply_to", "left out");
    }
    auto& reply = *fitting.message.mutable_reply_to();
    if (reply.quote().empty() || fitting.features.quote) return;
    reply.clear_quote();
    fitting.changed("quote", "left out");
}

}  // namespace trunkline::universal
