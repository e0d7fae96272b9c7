#include "plugins/telegram/simulator/media.hpp"

#include <array>

namespace trunkline::telegram::simulator {
namespace {

constexpr std::size_t kPhotoBytesMax = 10U << 20U;
constexpr std::size_t kFileBytesMax = 50U << 20U;
constexpr std::array<std::string_view, 5> kPlayed{
    "voice", "audio", "video", "video_note", "animation"};

std::string capital(std::string text) {
    for (bool first = true; char& c : text) {
        if (first && c >= 'a' && c <= 'z') c = static_cast<char>(c - 'a' + 'A');
        first = c == '_';
        if (c == '_') c = ' ';
    }
    return text;
}

bool has_duration(std::string_view kind) {
    for (const std::string_view played : kPlayed) {
        if (played == kind) return true;
    }
    return false;
}

std::optional<Refusal> check_upload(const std::string& kind, const kit::Upload& upload) {
    if (upload.bytes.empty()) return bad_request("file must be non-empty");
    if (upload.bytes.size() > kFileBytesMax) return Refusal{413, "Request Entity Too Large", {}};
    if (kind != "photo") return std::nullopt;
    if (upload.bytes.size() > kPhotoBytesMax) return bad_request("file is too big");
    if (!upload.mime.starts_with("image/")) return bad_request("IMAGE_PROCESS_FAILED");
    return std::nullopt;
}

}  // namespace

json::value describe(const kit::File& file, const Parameters& details) {
    json::object out{
        {"file_id", file.id}, {"file_unique_id", file.unique_id}, {"file_size", file.size}};
    const std::string& kind = file.kind;
    if (kind == "photo") {
        out["width"] = details.integer("width").value_or(1280);
        out["height"] = details.integer("height").value_or(960);
        return json::array{std::move(out)};
    }
    if (has_duration(kind)) out["duration"] = details.integer("duration").value_or(1);
    if (kind == "video" || kind == "animation") {
        out["width"] = details.integer("width").value_or(720);
        out["height"] = details.integer("height").value_or(1280);
    }
    if (kind == "video_note") {
        out["length"] = details.integer("length").value_or(384);
        return out;
    }
    if (kind == "sticker") {
        out["width"] = 512;
        out["height"] = 512;
        out["type"] = "regular";
        out["is_animated"] = false;
        out["is_video"] = false;
        if (const auto emoji = details.text("emoji"); !emoji.empty()) out["emoji"] = emoji;
        return out;
    }
    if (kind != "voice" && !file.name.empty()) out["file_name"] = file.name;
    if (!file.mime.empty()) out["mime_type"] = file.mime;
    for (const char* name : {"performer", "title"}) {
        if (kind == "audio" && details.has(name)) out[name] = details.text(name);
    }
    return out;
}

std::optional<Refusal> put_media(
    Bot& bot,
    const std::string& kind,
    const std::string& given,
    const kit::Upload* upload,
    const Parameters& details,
    json::object& message
) {
    const File* file = nullptr;
    if (upload != nullptr) {
        if (auto refusal = check_upload(kind, *upload)) return refusal;
        file = &bot.world.add_file(kind, upload->filename, upload->mime, upload->bytes);
    } else if (is_web_url(given)) {
        if (kind == "video_note") return bad_request("can't use HTTP URL for a video note");
        file = &bot.world.add_file(
            kind,
            given.substr(given.find_last_of('/') + 1),
            "application/octet-stream",
            "fetched from " + given
        );
    } else {
        file = bot.world.files().find(given);
        if (file == nullptr) return bad_request("wrong file identifier/HTTP URL specified");
        if (file->kind != kind)
            return bad_request(
                "can't use file of type " + capital(file->kind) + " as " + capital(kind)
            );
    }
    message[kind] = describe(*file, details);
    // An animation is a document, too, for those who know no animations.
    if (kind == "animation") message["document"] = message.at(kind);
    return std::nullopt;
}

std::optional<Refusal> put_caption(const Parameters& p, json::object& message) {
    FormattedText caption;
    if (auto refusal = read_text(p, "caption", "caption_entities", kCaptionMax, true, caption))
        return refusal;
    message.erase("caption");
    message.erase("caption_entities");
    if (!caption.text.empty()) message["caption"] = caption.text;
    if (!caption.entities.empty()) message["caption_entities"] = caption.entities;
    return std::nullopt;
}

std::optional<Refusal> put_input_media(
    Bot& bot, const json::object& media, const Parameters& call, json::object& message
) {
    const Parameters details = Parameters::of(media);
    const std::string given = details.text("media");
    const kit::Upload* upload = nullptr;
    constexpr std::string_view kAttach = "attach://";
    if (given.starts_with(kAttach)) {
        upload = call.upload(given.substr(kAttach.size()));
        if (upload == nullptr) return bad_request("wrong file identifier/HTTP URL specified");
    }
    if (auto refusal = put_media(bot, details.text("type"), given, upload, details, message))
        return refusal;
    return put_caption(details, message);
}

std::string kind_of(const json::object& message) {
    for (const char* kind :
         {"text",
          "animation",
          "photo",
          "document",
          "video",
          "voice",
          "audio",
          "video_note",
          "sticker",
          "venue",
          "location",
          "contact",
          "dice",
          "poll"}) {
        if (message.contains(kind)) return kind;
    }
    return "";
}

}  // namespace trunkline::telegram::simulator
