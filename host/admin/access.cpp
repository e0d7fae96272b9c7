#include "host/admin/access.hpp"

#include <array>

#include "host/net/http.hpp"
#include "host/seal/crypto.hpp"

namespace trunkline::admin {

Access::Access(const std::vector<config::AdminToken>& tokens) : tokens_{tokens} {}

std::optional<Access::Who> Access::find(std::string_view authorization_header) const {
    constexpr std::string_view kScheme = "Bearer ";
    if (authorization_header.size() <= kScheme.size() ||
        !net::equal_ignoring_case(authorization_header.substr(0, kScheme.size()), kScheme)) {
        return std::nullopt;
    }
    // Digests have one length, so that not even a token's length can be timed.
    const std::string given = seal::sha256(authorization_header.substr(kScheme.size()));
    std::optional<Who> found;
    for (const config::AdminToken& entry : tokens_) {
        if (seal::equal_in_constant_time(given, seal::sha256(entry.token.reveal())))
            found = Who{entry.name, entry.role};
    }
    return found;
}

bool Access::may(std::string_view role, std::string_view needed) {
    constexpr std::array<std::string_view, 3> kOrder{"read", "operate", "admin"};
    const auto rank = [&](std::string_view name) {
        for (std::size_t i = 0; i < kOrder.size(); ++i) {
            if (kOrder[i] == name) return static_cast<int>(i);
        }
        return -1;
    };
    return rank(role) >= rank(needed);
}

}  // namespace trunkline::admin
