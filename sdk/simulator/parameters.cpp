#include "trunkline/simulator/parameters.hpp"

#include "trunkline/simulator/url.hpp"

namespace trunkline::simulator {
namespace {

/// name="value" out of a Content-Disposition.
std::string attribute(std::string_view header, std::string_view name) {
    const std::string wanted = std::string{name} + "=\"";
    std::size_t at = header.find(" " + wanted);
    if (at == std::string_view::npos) return {};
    at += wanted.size() + 1;
    std::string out;
    for (; at < header.size() && header[at] != '"'; ++at) {
        if (header[at] == '\\' && at + 1 < header.size()) ++at;
        out += header[at];
    }
    return out;
}

}  // namespace

Parameters Parameters::of(json::object values) {
    Parameters out;
    for (auto& [key, value] : values)
        out.values_[std::string{key}] = std::move(value);
    return out;
}

std::optional<Parameters> Parameters::read(const Request& request) {
    Parameters out;
    out.read_form(request.query);
    const std::string_view type = request.header("Content-Type");
    const std::string& body = request.body;
    if (body.empty()) return out;
    if (type.starts_with("application/json")) {
        boost::system::error_code bad;
        json::value parsed = json::parse(body, bad);
        if (bad || !parsed.is_object()) return std::nullopt;
        for (auto& [key, value] : parsed.as_object())
            out.values_[std::string{key}] = std::move(value);
    } else if (type.starts_with("application/x-www-form-urlencoded")) {
        out.read_form(body);
    } else if (type.starts_with("multipart/form-data")) {
        const std::size_t at = type.find("boundary=");
        if (at == std::string_view::npos) return std::nullopt;
        std::string_view boundary = type.substr(at + 9);
        boundary = boundary.substr(0, boundary.find(';'));
        if (boundary.size() >= 2 && boundary.front() == '"')
            boundary = boundary.substr(1, boundary.size() - 2);
        if (!out.read_multipart(boundary, body)) return std::nullopt;
    }
    return out;
}

void Parameters::read_form(std::string_view text) {
    while (!text.empty()) {
        const std::size_t end = text.find('&');
        const std::string_view pair = text.substr(0, end);
        const std::size_t equals = pair.find('=');
        const auto name = percent_decode(pair.substr(0, equals), true);
        const auto value = percent_decode(
            equals == std::string_view::npos ? std::string_view{} : pair.substr(equals + 1), true
        );
        if (name && value && !name->empty()) values_[*name] = json::string{*value};
        text = end == std::string_view::npos ? std::string_view{} : text.substr(end + 1);
    }
}

bool Parameters::read_multipart(std::string_view boundary, std::string_view body) {
    const std::string mark = "--" + std::string{boundary};
    std::size_t at = body.find(mark);
    while (at != std::string_view::npos) {
        at += mark.size();
        if (body.substr(at, 2) == "--") return true;
        if (body.substr(at, 2) != "\r\n") return false;
        const std::size_t head_end = body.find("\r\n\r\n", at);
        const std::size_t next = body.find("\r\n" + mark, head_end);
        if (head_end == std::string_view::npos || next == std::string_view::npos) return false;
        const std::string_view head = body.substr(at + 2, head_end - at - 2);
        const std::string bytes{body.substr(head_end + 4, next - head_end - 4)};
        const std::string name = attribute(head, "name");
        const std::string filename = attribute(head, "filename");
        if (name.empty()) return false;
        if (head.find(" filename=") != std::string_view::npos) {
            Upload upload{filename, "", bytes};
            const std::size_t type = head.find("Content-Type: ");
            if (type != std::string_view::npos)
                upload.mime = head.substr(type + 14, head.find("\r\n", type) - type - 14);
            uploads_[name] = std::move(upload);
        } else {
            values_[name] = json::string{bytes};
        }
        at = next + 2;
    }
    return false;
}

std::string Parameters::text(std::string_view name) const {
    const auto at = values_.find(name);
    if (at == values_.end()) return {};
    if (const auto* text = at->second.if_string()) return std::string{*text};
    return json::serialize(at->second);
}

std::optional<std::int64_t> Parameters::integer(std::string_view name) const {
    return whole_number(text(name));
}

std::optional<double> Parameters::number(std::string_view name) const {
    return finite_number(text(name));
}

bool Parameters::boolean(std::string_view name) const {
    const std::string value = text(name);
    return value == "true" || value == "True" || value == "1";
}

std::optional<json::value> Parameters::structure(std::string_view name) const {
    const auto at = values_.find(name);
    if (at == values_.end()) return std::nullopt;
    if (!at->second.is_string()) return at->second;
    boost::system::error_code bad;
    json::value parsed = json::parse(at->second.as_string(), bad);
    if (bad) return std::nullopt;
    return parsed;
}

const json::value* Parameters::raw(std::string_view name) const {
    const auto at = values_.find(name);
    return at == values_.end() ? nullptr : &at->second;
}

std::vector<std::string> Parameters::names() const {
    std::vector<std::string> out;
    for (const auto& [name, value] : values_)
        out.push_back(name);
    for (const auto& [name, upload] : uploads_)
        out.push_back(name);
    return out;
}

const Upload* Parameters::upload(std::string_view name) const {
    const auto at = uploads_.find(name);
    return at == uploads_.end() ? nullptr : &at->second;
}

json::object Parameters::as_json() const {
    json::object out;
    for (const auto& [name, value] : values_)
        out[name] = value;
    for (const auto& [name, upload] : uploads_)
        out[name] = json::object{
            {"filename", upload.filename}, {"mime", upload.mime}, {"size", upload.bytes.size()}};
    return out;
}

}  // namespace trunkline::simulator
