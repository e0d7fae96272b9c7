#include "host/universal/degrade.hpp"

#include <algorithm>

#include "host/universal/degrade_parts.hpp"
#include "host/universal/unicode.hpp"

namespace trunkline::universal {
namespace {

Error unsupported(std::string_view code, std::string_view text) {
    return Error{Fault::unsupported, std::string{code} + ": " + std::string{text}};
}

void set_body(Message& message, Styled piece) {
    message.set_text(std::move(piece.text));
    message.clear_spans();
    for (Span& span : piece.spans)
        *message.add_spans() = std::move(span);
}

// Messages of one content each, in the order they are sent.
class Parts {
public:
    Parts(const Command& command, Fitting& fitting) : fitting_{fitting} {
        bare_.set_id(command.id());
        bare_.set_type(command.type());
        bare_.set_account(command.account());
        bare_.set_conversation(command.conversation());
        if (command.has_expires()) bare_.set_expires(command.expires());
    }

    std::vector<Command> take() {
        add_attachments();
        add_texts();
        add_places();
        if (parts_.empty())
            add();  // nothing but an empty text: the messenger will say what it thinks of it
        relate();
        return std::move(parts_);
    }

private:
    Message& add() {
        Command& part = parts_.emplace_back(bare_);
        Message& message = *part.mutable_message();
        message.set_id(fitting_.message.id());
        message.set_as(fitting_.message.as());
        return message;
    }

    // The text goes with the last of the files, so that what does not fit there follows it at once.
    void add_attachments() {
        for (Attachment& file : *fitting_.message.mutable_attachments()) {
            Message& message = !parts_.empty() && has_room(parts_.back().message(), file.kind())
                                   ? *parts_.back().mutable_message()
                                   : add();
            *message.add_attachments() = std::move(file);
        }
        if (parts_.size() > 1)
            fitting_.changed(
                "attachments", "sent as " + std::to_string(parts_.size()) + " messages"
            );
        if (!parts_.empty()) caption_max_ = caption_max(parts_.back().message());
    }

    /// True when a file of that kind may join the files of `message`.
    bool has_room(const Message& message, const std::string& kind) const {
        const auto& albums = fitting_.features.albums;
        const auto count = static_cast<std::uint64_t>(message.attachments_size());
        if (!albums) return count < fitting_.features.attachments_max;
        // Buttons have to stand somewhere: the last file then goes alone, and so do the others.
        if (!albums->buttons && fitting_.message.buttons_size() > 0) return false;
        return count < albums->max &&
               std::all_of(
                   message.attachments().begin(),
                   message.attachments().end(),
                   [&](const Attachment& one) { return albums->together(one.kind(), kind); }
               );
    }

    std::uint64_t caption_max(const Message& message) const {
        std::uint64_t max = fitting_.features.text_max;
        for (const Attachment& attachment : message.attachments()) {
            const auto found = fitting_.features.attachments.find(attachment.kind());
            if (found != fitting_.features.attachments.end())
                max = std::min(max, found->second.caption_max);
        }
        return max;
    }

    void add_texts() {
        if (fitting_.body.text.empty()) return;
        const KindFeatures& features = fitting_.features;
        const bool captioned = !parts_.empty() && caption_max_ > 0;
        if (!parts_.empty() && caption_max_ == 0) fitting_.changed("caption", "message of its own");
        const std::uint64_t first = captioned ? caption_max_ : features.text_max;
        auto pieces = split(
            fitting_.body, {.first = first, .rest = features.text_max, .unit = features.text_unit}
        );
        if (pieces.size() > 1 && captioned)
            fitting_.changed("caption", "rest in a following message");
        const std::size_t texts = pieces.size() - (captioned && !pieces.empty() ? 1 : 0);
        if (texts > 1)
            fitting_.changed("text", "split into " + std::to_string(texts) + " messages");
        for (std::size_t i = 0; i < pieces.size(); ++i) {
            set_body(
                i == 0 && captioned ? *parts_.back().mutable_message() : add(), std::move(pieces[i])
            );
        }
    }

    void add_places() {
        talking_ = parts_.size();
        if (fitting_.message.has_location())
            *add().mutable_location() = fitting_.message.location();
        if (fitting_.message.has_contact()) *add().mutable_contact() = fitting_.message.contact();
    }

    // An answer answers with its first message; buttons stand under the last that says something.
    void relate() {
        if (fitting_.message.has_reply_to())
            *parts_.front().mutable_message()->mutable_reply_to() = fitting_.message.reply_to();
        Command& last = talking_ == 0 ? parts_.back() : parts_[talking_ - 1];
        *last.mutable_message()->mutable_buttons() = fitting_.message.buttons();
    }

    Command bare_;  // everything but the message
    Fitting& fitting_;
    std::vector<Command> parts_;
    std::uint64_t caption_max_ = 0;  // of the last part with files
    std::size_t talking_ = 0;        // how many parts hold text or files
};

Result<void> allowed(const std::string& type, const KindFeatures& features) {
    if (type == "send" && !features.send)
        return unsupported("unsupported_send", "nothing can be sent here");
    if (type == "edit" && !features.edit)
        return unsupported("unsupported_edit", "the messenger cannot edit");
    if (type == "delete" && !features.remove)
        return unsupported("unsupported_delete", "the messenger cannot delete");
    if (type == "react" && !features.react)
        return unsupported("unsupported_react", "the messenger has no reactions");
    if (type == "typing" && !features.typing)
        return unsupported("unsupported_typing", "the messenger does not show typing");
    if (type == "read" && !features.read)
        return unsupported("unsupported_read", "the messenger has no read marks");
    return {};
}

}  // namespace

Result<Degraded> degrade(
    const Command& command, const Features& features, std::string_view conversation_kind
) {
    const KindFeatures& kind = features.of(conversation_kind);
    const auto may = allowed(command.type(), kind);
    if (!may) return may.error();
    Degraded out;
    if (command.type() != "send" && command.type() != "edit") {
        out.parts.push_back(command);
        return out;
    }
    Fitting fitting{.features = kind, .message = command.message(), .body = {}, .changes = {}};
    fitting.body.text = command.message().text();
    fitting.body.spans.assign(command.message().spans().begin(), command.message().spans().end());
    // Spans first: what the later steps add is plain text behind them.
    fit_spans(fitting);
    fit_places(fitting);
    const auto attached = fit_attachments(fitting);
    if (!attached) return attached.error();
    fit_buttons(fitting);
    fit_reply(fitting);
    out.parts = Parts{command, fitting}.take();
    out.changes = std::move(fitting.changes);
    if (command.type() == "edit" && out.parts.size() > 1) {
        return unsupported("edit_too_long", "the new form would need more than one message");
    }
    return out;
}

}  // namespace trunkline::universal
