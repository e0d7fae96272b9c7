#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>

#include "trunkline/simulator/loop.hpp"

namespace trunkline::simulator {

/// So many at once, then one each `each`.
struct RateLimit {
    std::int64_t burst = 1;
    milliseconds each{1'000};
};

/// A messenger's rate limits, off until a test switches them on. On the loop.
class Rates {
public:
    bool on = false;

    /// How many seconds to wait until all of `limits` let one through; none: it goes, and is
    /// counted. Keys are for example "chat 5" and "bot".
    std::optional<std::int64_t> take(
        const std::map<std::string, RateLimit>& limits, std::int64_t now_ms
    );
    void clear() { next_.clear(); }

private:
    std::map<std::string, std::int64_t> next_;  ///< by key: when the debt is paid
};

}  // namespace trunkline::simulator
