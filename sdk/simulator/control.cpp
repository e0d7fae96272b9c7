#include "trunkline/simulator/control.hpp"

#include <algorithm>

#include "trunkline/simulator/url.hpp"

#include "generated/sdk/simulator/page.hpp"

namespace trunkline::simulator {
namespace {

constexpr std::string_view kPrefix = "/control/";

Response answer(const json::value& value, int status = 200) {
    Response response = Response::of_json(value, status);
    response.headers.emplace_back("Cache-Control", "no-store");
    return response;
}

Response refused(const std::string& why, int status = 400) {
    return answer(json::object{{"error", why}}, status);
}

std::uint64_t number(std::string_view query, std::string_view name, std::uint64_t fallback) {
    const auto value = query_parameter(query, name);
    const auto found = value ? whole_number(*value) : std::nullopt;
    return found && *found >= 0 ? static_cast<std::uint64_t>(*found) : fallback;
}

json::array texts(const std::vector<std::string>& from) {
    json::array out;
    for (const std::string& text : from)
        out.emplace_back(text);
    return out;
}

/// A type as it may stand in a header.
bool is_mime(std::string_view text) {
    constexpr std::string_view kMarks = "/+-._";
    return std::all_of(text.begin(), text.end(), [&](char c) {
        return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
               kMarks.find(c) != std::string_view::npos;
    });
}

std::string lower(std::string text) {
    std::transform(text.begin(), text.end(), text.begin(), [](char c) {
        return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
    });
    return text;
}

/// The pictures that can do nothing but be looked at.
bool is_picture(std::string_view type) {
    return type == "image/jpeg" || type == "image/png" || type == "image/gif" ||
           type == "image/webp";
}

Response page() {
    Response response;
    response.headers = {
        {"Content-Type", "text/html; charset=utf-8"}, {"Cache-Control", "no-store"}};
    response.body = kPage;
    return response;
}

}  // namespace

json::object Abilities::as_json() const {
    json::array pictures;
    for (const Sticker& one : stickers)
        pictures.push_back(json::object{{"emoji", one.emoji}, {"name", one.name}});
    return {
        {"messenger", messenger},
        {"title", title},
        {"color", color},
        {"business", {{"name", business_name}, {"username", business_username}}},
        {"file_bytes_max", file_bytes_max},
        {"customer_can", texts(customer_can)},
        {"shows", texts(shows)},
        {"stickers", std::move(pictures)}};
}

Control::Control(Rooms rooms, Abilities abilities)
    : rooms_{rooms}, abilities_{std::move(abilities)} {
    on_get("log", [this](std::string_view, std::string_view query) {
        return json::value(
            rooms_.journal.after(number(query, "after", 0), number(query, "count", 1'000))
        );
    });
    on_get("abilities", [this](std::string_view, std::string_view) {
        return json::value(abilities_.as_json());
    });
    on_get("faults", [this](std::string_view, std::string_view) {
        return json::value(rooms_.faults.as_json());
    });
    on_post("faults", [this](const json::object& body) {
        auto fault = read_fault(body);
        if (const auto* why = std::get_if<std::string>(&fault)) throw Wrong{*why};
        rooms_.faults.add(std::get<Fault>(std::move(fault)));
        return json::value(json::object{{"added", true}});
    });
    on_post("rates", [this](const json::object& body) {
        rooms_.rates.clear();
        rooms_.rates.on = body.at("on").as_bool();
        return json::value(body);
    });
    on_post("token", [this](const json::object& body) {
        rooms_.calls.revoked = body.at("revoked").as_bool();
        return json::value(body);
    });
}

void Control::on_post(
    const std::string& name, std::function<json::value(const json::object&)> act, int status
) {
    acts_[name] = {std::move(act), status};
}

void Control::on_get(
    const std::string& name,
    std::function<json::value(std::string_view rest, std::string_view query)> look
) {
    looks_[name] = std::move(look);
}

void Control::on_clear(std::function<void()> clear) {
    clear_ = std::move(clear);
}

bool Control::takes(std::string_view path) const {
    return path == "/" || path.starts_with(kPrefix);
}

Response Control::handle(const Request& request) {
    if (request.path == "/") return page();
    try {
        if (request.method == "GET") return look(request);
        if (request.method == "DELETE") return remove(request);
        const auto act = acts_.find(std::string_view{request.path}.substr(kPrefix.size()));
        if (act == acts_.end()) return refused("no such address", 404);
        const auto body = parsed(request.body.empty() ? "{}" : request.body);
        if (request.method != "POST" || !body || !body->is_object())
            return refused("POST with a JSON object is needed");
        return answer(act->second.act(body->as_object()), act->second.status);
    } catch (const Wrong& wrong) {
        return refused(wrong.what(), wrong.status);
    } catch (const std::exception& error) {  // a member of another type than meant
        return refused(error.what());
    }
}

Response Control::look(const Request& request) {
    const std::string_view path = std::string_view{request.path}.substr(kPrefix.size());
    const std::size_t slash = path.find('/');
    const std::string_view name = path.substr(0, slash);
    const std::string_view rest =
        slash == std::string_view::npos ? std::string_view{} : path.substr(slash + 1);
    if (name == "files") return file(std::string{rest}, request.header("Range"));
    const auto found = looks_.find(name);
    if (found == looks_.end()) return refused("no such address", 404);
    return answer(found->second(rest, request.query));
}

Response Control::remove(const Request& request) {
    if (request.path != "/control/state" && request.path != "/control/faults")
        return refused("no such address", 404);
    rooms_.faults.clear();
    rooms_.calls.revoked = false;
    if (request.path == "/control/state") {
        rooms_.files.clear();
        rooms_.rates.clear();
        if (clear_) clear_();
    }
    return answer(json::object{{"cleared", true}});
}

Response Control::file(const std::string& id, std::string_view range) const {
    const File* file = rooms_.files.find(id);
    if (file == nullptr) return refused("no such file", 404);
    // Shown as what a browser cannot be harmed by, or not at all: the bytes are a stranger's, and
    // must not become a page.
    std::string type = is_mime(file->mime) ? lower(file->mime) : "";
    if (file->kind == "photo" && !type.starts_with("image/")) type = "image/png";
    const bool shown = is_picture(type) || type.starts_with("audio/") || type.starts_with("video/");
    Response response = serve(*file, range, shown ? type : "application/octet-stream");
    response.headers.emplace_back("X-Content-Type-Options", "nosniff");
    response.headers.emplace_back("Content-Security-Policy", "default-src 'none'; sandbox");
    response.headers.emplace_back("Content-Disposition", shown ? "inline" : "attachment");
    response.headers.emplace_back("Cache-Control", "no-store");
    return response;
}

}  // namespace trunkline::simulator
