#include "host/universal/fidelity_samples.hpp"

#include <algorithm>
#include <array>

namespace trunkline::universal {
namespace {

Command message(std::string_view text) {
    Command command;
    command.set_type("send");
    if (!text.empty()) command.mutable_message()->set_text(std::string{text});
    return command;
}

Command on_message(const char* type) {
    Command command;
    command.set_type(type);
    command.mutable_message()->set_id("1");
    return command;
}

template <std::size_t N>
struct Name {
    constexpr Name(const char (&text)[N]) { std::copy_n(text, N, value); }  // NOLINT: a literal
    char value[N]{};
};

template <Name kType>
Command span(const KindFeatures&) {
    auto command = message("Hello");
    Span& span = *command.mutable_message()->add_spans();
    span.set_type(kType.value);
    span.set_length(5);
    if (span.type() == "link") span.set_url("https://shop.example/");
    return command;
}

void add_file(Command& command, std::string_view kind) {
    Attachment& file = *command.mutable_message()->add_attachments();
    file.set_kind(std::string{kind});
    file.set_url("https://shop.example/f");
    file.set_size(1000);
}

template <Name kKind>
Command attachment(const KindFeatures&) {
    auto command = message("");
    add_file(command, kKind.value);
    return command;
}

template <Name kOne, Name kOther>
Command pair(const KindFeatures&) {
    auto command = message("");
    add_file(command, kOne.value);
    add_file(command, kOther.value);
    return command;
}

template <Name kAsks>
Command button(const KindFeatures&) {
    auto command = message("Hello");
    Button& button = *command.mutable_message()->add_buttons()->add_buttons();
    button.set_text("Yes");
    const std::string_view kind{kAsks.value};
    if (kind == "url")
        button.set_url("https://shop.example/");
    else if (kind.empty())
        button.set_payload("yes");
    else
        button.set_asks(std::string{kind});
    return command;
}

template <Name kType>
Command on(const KindFeatures&) {
    return on_message(kType.value);
}

std::string unit_name(TextUnit unit) {
    if (unit == TextUnit::utf16) return " UTF-16 units";
    return unit == TextUnit::bytes ? " bytes" : " characters";
}

std::string size_text(std::uint64_t bytes) {
    constexpr std::uint64_t kMiB = 1U << 20U;
    constexpr std::uint64_t kKiB = 1U << 10U;
    if (bytes % kMiB == 0) return std::to_string(bytes / kMiB) + " MiB";
    if (bytes % kKiB == 0) return std::to_string(bytes / kKiB) + " KiB";
    return std::to_string(bytes) + " bytes";
}

std::string text_limit(const KindFeatures& features, std::string_view) {
    if (features.text_max == kNoLimit) return {};
    return std::to_string(features.text_max) + unit_name(features.text_unit);
}

std::string file_limit(const KindFeatures& features, std::string_view kind) {
    const auto found = features.attachments.find(kind);
    if (found == features.attachments.end()) return {};
    std::string out;
    if (found->second.max_bytes != kNoLimit) out = size_text(found->second.max_bytes);
    if (found->second.caption_max == 0) return out + (out.empty() ? "" : ", ") + "no caption";
    if (found->second.caption_max != kNoLimit)
        out += (out.empty() ? "" : ", ") + std::string{"caption "} +
               std::to_string(found->second.caption_max);
    return out;
}

std::string album_limit(const KindFeatures& features, std::string_view) {
    const auto most = features.albums ? features.albums->max : features.attachments_max;
    return most == kNoLimit || most == 1 ? std::string{} : std::to_string(most) + " files";
}

std::string buttons_limit(const KindFeatures& features, std::string_view) {
    if (!features.buttons) return {};
    const auto& limits = *features.buttons;
    std::string out;
    if (limits.rows != kNoLimit) out = std::to_string(limits.rows) + " rows";
    if (limits.per_row != kNoLimit)
        out += (out.empty() ? "" : " of ") + std::to_string(limits.per_row);
    if (limits.payload_max_bytes != kNoLimit)
        out += (out.empty() ? "" : ", ") + std::string{"payload "} +
               std::to_string(limits.payload_max_bytes) + " bytes";
    return out;
}

Command text(const KindFeatures&) {
    return message("Hello");
}

Command long_text(const KindFeatures& features) {
    constexpr std::uint64_t kLong = 65'536;
    return message(std::string(std::min(features.text_max, kLong - 1) + 1, 'x'));
}

template <bool kQuoting>
Command reply(const KindFeatures&) {
    auto command = message("Hello");
    command.mutable_message()->mutable_reply_to()->set_id("1");
    if (kQuoting) command.mutable_message()->mutable_reply_to()->set_quote("tomorrow");
    return command;
}

template <bool kTitled>
Command place(const KindFeatures&) {
    auto command = message("");
    Location& location = *command.mutable_message()->mutable_location();
    location.set_latitude(55.75);
    location.set_longitude(37.5);
    if (kTitled) location.set_title("Shop");
    return command;
}

Command contact(const KindFeatures&) {
    auto command = message("");
    command.mutable_message()->mutable_contact()->set_name("Ann Lee");
    command.mutable_message()->mutable_contact()->set_phone("+4930901820");
    return command;
}

Command edit(const KindFeatures&) {
    auto command = on_message("edit");
    command.mutable_message()->set_text("Hello");
    return command;
}

Command edit_file(const KindFeatures&) {
    auto command = on_message("edit");
    add_file(command, "image");
    return command;
}

constexpr std::array kSamples{
    Sample{"text", text, text_limit},
    Sample{"long text", long_text, nullptr},
    Sample{"bold", span<"bold">, nullptr},
    Sample{"italic", span<"italic">, nullptr},
    Sample{"underline", span<"underline">, nullptr},
    Sample{"strike", span<"strike">, nullptr},
    Sample{"code", span<"code">, nullptr},
    Sample{"pre", span<"pre">, nullptr},
    Sample{"quotation", span<"quote">, nullptr},
    Sample{"spoiler", span<"spoiler">, nullptr},
    Sample{"link", span<"link">, nullptr},
    Sample{"mention", span<"mention">, nullptr},
    Sample{"image", attachment<"image">, file_limit},
    Sample{"video", attachment<"video">, file_limit},
    Sample{"audio", attachment<"audio">, file_limit},
    Sample{"voice", attachment<"voice">, file_limit},
    Sample{"video_note", attachment<"video_note">, file_limit},
    Sample{"animation", attachment<"animation">, file_limit},
    Sample{"sticker", attachment<"sticker">, file_limit},
    Sample{"file", attachment<"file">, file_limit},
    Sample{"album", pair<"image", "video">, album_limit},
    Sample{"album of files", pair<"file", "file">, album_limit},
    Sample{"album of both", pair<"image", "file">, nullptr},
    Sample{"buttons", button<"">, buttons_limit},
    Sample{"button with address", button<"url">, nullptr},
    Sample{"keyboard", button<"text">, nullptr},
    Sample{"keyboard asking for contact", button<"contact">, nullptr},
    Sample{"keyboard asking for location", button<"location">, nullptr},
    Sample{"reply", reply<false>, nullptr},
    Sample{"quote", reply<true>, nullptr},
    Sample{"location", place<false>, nullptr},
    Sample{"venue", place<true>, nullptr},
    Sample{"contact", contact, nullptr},
    Sample{"edit", edit, nullptr},
    Sample{"edit of a file", edit_file, nullptr},
    Sample{"delete", on<"delete">, nullptr},
    Sample{"reaction", on<"react">, nullptr},
    Sample{"typing", on<"typing">, nullptr},
    Sample{"read", on<"read">, nullptr},
};

}  // namespace

std::string Sample::note(const KindFeatures& features) const {
    const auto found = features.attachments.find(feature);
    return found == features.attachments.end() ? std::string{} : found->second.note;
}

std::span<const Sample> fidelity_samples() {
    return kSamples;
}

}  // namespace trunkline::universal
