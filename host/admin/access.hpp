#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "host/config/config.hpp"

namespace trunkline::admin {

/// Who a bearer token belongs to. Immutable; `[any]`
class Access {
public:
    explicit Access(const std::vector<config::AdminToken>& tokens);

    struct Who {
        std::string name;
        std::string role;  ///< read, operate, admin
    };

    /// Compares with every token, each in constant time, so that the time tells nothing.
    std::optional<Who> find(std::string_view authorization_header) const;

    /// read < operate < admin.
    static bool may(std::string_view role, std::string_view needed);

private:
    std::vector<config::AdminToken> tokens_;
};

}  // namespace trunkline::admin
