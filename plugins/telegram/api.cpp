#include "api.hpp"

#include <algorithm>

#include "json_read.hpp"

namespace trunkline::telegram {

namespace {

constexpr std::int64_t kUploadTimeoutMs = 120'000;
constexpr std::int64_t kCallTimeoutMs = 30'000;

std::string address(std::string_view method, const Settings& settings) {
    return settings.api_base + "/bot" + settings.token + "/" + std::string{method};
}

std::string form_value(const json::value& value) {
    return value.is_string() ? std::string{value.get_string()} : json::serialize(value);
}

std::string part_name(std::size_t number) {
    return "file" + std::to_string(number);
}

/// Whether the call names its files inside of `media` (InputMedia) instead of by a parameter each.
bool in_media(const Call& call) {
    return call.files.size() > 1 || call.method == "editMessageMedia";
}

/// The parameters of a call with what they say of its files: members of their own for one file, the
/// items of `media` for an album, whose uploads are parts named by attach://.
json::object params_of(const Call& call) {
    auto params = call.params;
    if (call.files.empty()) return params;
    if (!in_media(call)) {
        const auto& file = call.files.front();
        for (const auto& member : file.about)
            params[member.key()] = member.value();
        if (file.by_url) params[file.field] = file.url;
        return params;
    }
    json::array media;
    for (std::size_t i = 0; i < call.files.size(); ++i) {
        const auto& file = call.files[i];
        json::object item{
            {"type", file.field}, {"media", file.by_url ? file.url : "attach://" + part_name(i)}};
        for (const auto& member : file.about)
            item[member.key()] = member.value();
        media.push_back(std::move(item));
    }
    if (call.method == "editMessageMedia")
        params["media"] = std::move(media.front());
    else
        params["media"] = std::move(media);
    return params;
}

}  // namespace

json::array allowed_updates() {
    return {
        "message",
        "edited_message",
        "callback_query",
        "my_chat_member",
        "business_connection",
        "business_message",
        "edited_business_message",
        "deleted_business_messages",
        "message_reaction"};
}

Request request_of(std::string_view method, const json::object& params, const Settings& settings) {
    auto request = Request::post(address(method, settings));
    request.json(json::serialize(params)).timeout(kCallTimeoutMs).keep_redirect();
    return request;
}

Request request_of(const Call& call, const Settings& settings) {
    const auto params = params_of(call);
    const bool upload = std::any_of(call.files.begin(), call.files.end(), [](const auto& file) {
        return !file.by_url;
    });
    auto request = upload ? Request::post(address(call.method, settings))
                          : request_of(call.method, params, settings);
    if (upload) {
        for (const auto& param : params)
            request.part(
                {.name = std::string{param.key()},
                 .filename = {},
                 .mime = {},
                 .bytes = form_value(param.value()),
                 .file = {}}
            );
        for (std::size_t i = 0; i < call.files.size(); ++i) {
            const auto& file = call.files[i];
            if (file.by_url) continue;
            request.part(
                {.name = in_media(call) ? part_name(i) : file.field,
                 .filename = file.name.empty() ? "file" : file.name,
                 .mime = file.mime.empty() ? "application/octet-stream" : file.mime,
                 .bytes = {},
                 .file = file.id}
            );
        }
        request.timeout(kUploadTimeoutMs).keep_redirect();
    }
    if (call.once) request.once();
    return request;
}

std::string file_url(std::string_view file_path, const Settings& settings) {
    // A self-hosted server in local mode answers with a path on its own disk, which is no address.
    if (file_path.empty() || file_path.starts_with('/')) return {};
    std::string path;
    while (!file_path.empty()) {
        const auto slash = std::min(file_path.find('/'), file_path.size());
        const auto segment = file_path.substr(0, slash);
        if (segment.empty() || segment == "." || segment == "..") return {};
        path += '/';
        path += percent_encoded(segment);
        file_path.remove_prefix(std::min(slash + 1, file_path.size()));
    }
    return settings.api_base + "/file/bot" + settings.token + path;
}

Answer answer_of(const HttpReply& reply) {
    return read_answer(
        {.status = reply.status,
         .may_have_arrived = reply.unknown,
         .retry_after = reply.header("retry-after"),
         .body = reply.body}
    );
}

}  // namespace trunkline::telegram
