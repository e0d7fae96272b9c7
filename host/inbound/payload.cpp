#include "host/inbound/payload.hpp"

#include <algorithm>
#include <array>

#include <boost/json.hpp>

namespace trunkline::inbound {
namespace {

namespace json = boost::json;

std::string lower(std::string_view text) {
    std::string out{text};
    for (char& c : out)
        c = c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
    return out;
}

/// Whether a header lets in who knows it. Messengers name theirs as they like, so the names are
/// only half of it.
bool opens_doors(const accounts::Account& account, const net::Header& header) {
    constexpr std::array<std::string_view, 6> kWords{
        "authorization", "cookie", "secret", "token", "password", "api-key"};
    constexpr std::size_t kShortestSecret = 4;
    const std::string name = lower(header.name);
    if (std::ranges::any_of(kWords, [&](std::string_view word) {
            return name.find(word) != std::string::npos;
        }))
        return true;
    return std::ranges::any_of(account.settings, [&](const auto& setting) {
        const json::string* value = setting.value().if_string();
        return value != nullptr && value->size() >= kShortestSecret &&
               header.value.find(std::string_view{value->data(), value->size()}) !=
                   std::string::npos;
    });
}

}  // namespace

Payload payload_of(const tasks::Start& start) {
    return {start.method, start.target, start.pairs, start.body};
}

json::object request_of(const accounts::Account& account, const Payload& payload) {
    json::array headers;
    for (const net::Header& header : payload.headers) {
        if (!opens_doors(account, header))
            headers.push_back(json::object{{"name", header.name}, {"value", header.value}});
    }
    return {
        {"method", payload.method}, {"target", payload.target}, {"headers", std::move(headers)}};
}

void read_request(std::string_view row, Payload& payload) {
    json::error_code bad;
    const json::value kept = json::parse({row.data(), row.size()}, bad);
    if (bad || !kept.is_object()) return;
    const auto* request = kept.get_object().if_contains("request");
    if (request == nullptr || !request->is_object()) return;
    payload.method = text_at(request->get_object(), "method");
    payload.target = text_at(request->get_object(), "target");
    const auto* headers = request->get_object().if_contains("headers");
    if (headers == nullptr || !headers->is_array()) return;
    for (const json::value& header : headers->get_array()) {
        if (const auto* object = header.if_object())
            payload.headers.push_back({text_at(*object, "name"), text_at(*object, "value")});
    }
}

std::string below_hook(std::string_view target) {
    for (int piece = 0; piece < 2; ++piece)  // "/hooks", "/<account>"
        target.remove_prefix(std::min(target.find_first_of("/?", 1), target.size()));
    return target.starts_with('/') ? std::string{target} : "/" + std::string{target};
}

std::string text_at(const json::object& from, std::string_view key) {
    const auto* value = from.if_contains(key);
    return value != nullptr && value->is_string() ? std::string{value->get_string()}
                                                  : std::string{};
}

}  // namespace trunkline::inbound
