#include <algorithm>
#include <array>

#include "host/universal/duration.hpp"
#include "host/universal/json.hpp"
#include "host/universal/read_message.hpp"
#include "host/universal/reader.hpp"

namespace trunkline::universal {

namespace json = boost::json;

namespace {

constexpr std::array<std::string_view, 8> kTypes{
    "send", "edit", "delete", "react", "typing", "read", "media", "accounts"};

bool is_command_id(std::string_view id) {
    return !id.empty() && id.size() <= kCommandIdBytesMax &&
           std::all_of(id.begin(), id.end(), [](char c) { return c > ' ' && c < 0x7F; });
}

bool is_web_address(std::string_view url) {
    return url.starts_with("https://") || url.starts_with("http://");
}

bool is_sha256(std::string_view text) {
    return text.size() == 64 && std::all_of(text.begin(), text.end(), [](char c) {
               return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f');
           });
}

constexpr std::array<std::string_view, 3> kAsks{"text", "contact", "location"};

void check_buttons(Reading& reading, const Message& message) {
    const Reading::Step step{reading, "buttons"};
    std::size_t count = 0;
    std::size_t asking = 0;
    for (const ButtonRow& row : message.buttons()) {
        for (const Button& button : row.buttons()) {
            ++count;
            if (button.asks().empty()) continue;
            ++asking;
            if (std::find(kAsks.begin(), kAsks.end(), button.asks()) == kAsks.end())
                return reading.fail("asks: expected text, contact or location");
            if (!button.url().empty() || !button.payload().empty())
                return reading.fail("a button that asks has neither url nor payload");
        }
    }
    // They are two different keyboards, and no messenger shows both for one message.
    if (asking != 0 && asking != count)
        reading.fail("buttons that ask and others cannot stand under one message");
}

void check_content(Reading& reading, Message& message) {
    const bool content = !message.text().empty() || message.attachments_size() > 0 ||
                         message.has_location() || message.has_contact();
    if (!content) return reading.fail("needs text, attachments, location or contact");
    if (!message.as().empty() && message.as() != "private")
        return reading.fail("as: only private", "unsupported");
    check_buttons(reading, message);
    for (int i = 0; i < message.attachments_size(); ++i) {
        Attachment& attachment = *message.mutable_attachments(i);
        const Reading::Step list{reading, "attachments"};
        const Reading::Step at{reading, static_cast<std::size_t>(i)};
        if (attachment.media().empty() == attachment.url().empty())
            return reading.fail("either media or url");
        if (!attachment.url().empty() && !is_web_address(attachment.url())) {
            return reading.fail("url: expected http:// or https://");
        }
        if (!attachment.kind().empty()) continue;
        const std::string& mime = attachment.mime();
        for (const char* kind : {"image", "video", "audio"}) {
            if (mime.starts_with(std::string{kind} + "/")) attachment.set_kind(kind);
        }
        // A portal's media has its type from the upload; an address without one is a file.
        if (attachment.kind().empty() && attachment.media().empty()) attachment.set_kind("file");
    }
}

void check_media(Reading& reading, const Media& media) {
    const Reading::Step step{reading, "media"};
    if (media.name().empty()) return reading.fail("needs a name");
    if (media.size() == 0) return reading.fail("needs a size above 0");
    if (!is_sha256(media.sha256())) reading.fail("sha256: expected 64 lower-case hex digits");
}

// What each type cannot do without.
void check(Reading& reading, Command& command) {
    const std::string& type = command.type();
    if (std::find(kTypes.begin(), kTypes.end(), type) == kTypes.end()) {
        return reading.fail("type: not a known command", "unsupported");
    }
    if (type == "accounts") return;
    if (type == "media") {
        if (!command.has_media()) return reading.fail("needs media");
        return check_media(reading, command.media());
    }
    if (command.account().empty()) return reading.fail("needs an account");
    if (command.conversation().empty()) return reading.fail("needs a conversation");
    if (type == "send" || type == "edit") {
        const Reading::Step step{reading, "message"};
        check_content(reading, *command.mutable_message());
    }
    const bool names = type == "edit" || type == "delete" || type == "react";
    if (names && command.message().id().empty()) return reading.fail("needs message.id");
    if (type == "react" && command.emoji().empty() && !command.removed())
        return reading.fail("needs an emoji");
}

void read_media(Reading& reading, const json::value& value, Media& out) {
    const Reading::Step step{reading, "media"};
    Members members{reading, value};
    out.set_name(members.text("name", kNameBytesMax));
    out.set_mime(members.text("mime", 256));
    out.set_size(members.size("size"));
    out.set_sha256(members.text("sha256", 64));
    members.refuse_rest();
}

void read_members(Reading& reading, Members& members, Command& out) {
    out.set_type(members.text("type", 64));
    out.set_account(members.text("account", 256));
    out.set_conversation(members.id("conversation", kNameBytesMax));
    if (const auto* message = members.take("message")) {
        const Reading::Step step{reading, "message"};
        read_message(reading, *message, Origin::portal, *out.mutable_message());
    }
    const std::string expires = members.text("expires", 32);
    if (!expires.empty()) {
        const auto ms = parse_duration_ms(expires);
        if (!ms || *ms > kExpiresMsMax)
            reading.fail("expires: expected a duration like 24h, at most 14d");
        else
            out.set_expires(*ms);
    }
    out.set_emoji(members.text("emoji", 256));
    if (const auto removed = members.flag("removed")) out.set_removed(*removed);
    if (const auto on = members.flag("on")) out.set_on(*on);
    if (const auto* media = members.take("media"))
        read_media(reading, *media, *out.mutable_media());
    members.refuse_rest();
}

ReadCommand read_command(const json::value& value) {
    ReadCommand out;
    Reading reading;
    Members members{reading, value};
    const std::string id = members.id("id", kCommandIdBytesMax);
    if (reading.good() && !is_command_id(id))
        reading.fail("id: expected 1 to 128 visible ASCII characters");
    if (reading.good()) {
        out.id = id;
        out.command.set_id(id);
        read_members(reading, members, out.command);
        if (reading.good()) check(reading, out.command);
    }
    out.code = reading.code();
    out.message = reading.problem();
    return out;
}

// What a JSON command could not have said either.
void check_bounds(Reading& reading, Message& message) {
    const Reading::Step step{reading, "message"};
    message.clear_extra();
    std::size_t buttons = 0;
    for (const ButtonRow& row : message.buttons())
        buttons += static_cast<std::size_t>(row.buttons_size());
    if (message.text().size() > kTextCodePointsMax * 4) reading.too_large("text");
    if (message.spans_size() > static_cast<int>(kSpansMax)) reading.too_large("spans");
    if (message.attachments_size() > static_cast<int>(kAttachmentsMax))
        reading.too_large("attachments");
    if (buttons > kButtonsMax || message.buttons_size() > static_cast<int>(kButtonsMax))
        reading.too_large("buttons");
    for (Attachment& attachment : *message.mutable_attachments()) {
        attachment.clear_ref();
        attachment.clear_file();
        attachment.clear_public_url();
        attachment.clear_expires();
    }
    if (reading.good()) check_spans(reading, message);
}

}  // namespace

Result<std::vector<ReadCommand>> read_commands(std::string_view text) {
    Reading reading;
    json::monotonic_resource memory;
    const json::value value = parse_bounded(reading, text, &memory);
    std::vector<ReadCommand> out;
    if (reading.good()) {
        Members members{reading, value};
        const auto* commands = members.list("commands", kCommandsMax);
        if (commands == nullptr) reading.fail("expected {\"commands\": [...]}");
        members.refuse_rest();
        if (reading.good()) {
            out.reserve(commands->size());
            for (const auto& command : *commands)
                out.push_back(read_command(command));
        }
    }
    if (!reading.good()) return Error{Fault::malformed, reading.problem()};
    return out;
}

ReadCommand check_command(Command command) {
    ReadCommand out;
    Reading reading;
    if (!is_command_id(command.id()))
        reading.fail("id: expected 1 to 128 visible ASCII characters");
    else
        out.id = command.id();
    if (command.ByteSizeLong() > kJsonBytesMax)
        reading.too_large("at most " + std::to_string(kJsonBytesMax) + " bytes");
    if (command.has_expires() && (command.expires() <= 0 || command.expires() > kExpiresMsMax)) {
        reading.fail("expires: expected a duration of at most 14 days");
    }
    if (reading.good() && command.has_message()) check_bounds(reading, *command.mutable_message());
    if (reading.good()) check(reading, command);
    out.command = std::move(command);
    out.code = reading.code();
    out.message = reading.problem();
    return out;
}

}  // namespace trunkline::universal
