#include "trunkline/simulator/http.hpp"

#include <algorithm>

namespace trunkline::simulator {
namespace {

char lowered(char c) {
    return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
}

}  // namespace

std::string_view find_header(const Headers& headers, std::string_view name) noexcept {
    for (const auto& [key, value] : headers) {
        if (std::equal(key.begin(), key.end(), name.begin(), name.end(), [](char a, char b) {
                return lowered(a) == lowered(b);
            }))
            return value;
    }
    return {};
}

Response Response::of_json(const json::value& value, int status) {
    return {status, {{"Content-Type", "application/json"}}, json::serialize(value)};
}

}  // namespace trunkline::simulator
