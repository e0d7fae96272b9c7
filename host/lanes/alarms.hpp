#pragma once

#include <cstdint>
#include <map>
#include <string>

#include "host/base/clock.hpp"

namespace trunkline::lanes {

/// What a lane has called a person for since the start. A value.
struct Alarms {
    struct Last {
        std::string code;
        std::string text;  ///< at most 300 bytes; no content, no secret
        WallMs at_ms = 0;  ///< 0 = there was none
    };
    Last last;
    std::map<std::string, std::uint64_t> counts;  ///< by code

    void raise(const std::string& code, const std::string& text, WallMs now) {
        constexpr std::size_t kTextMax = 300;
        last = {code, text.substr(0, kTextMax), now};
        ++counts[code];
    }
};

}  // namespace trunkline::lanes
