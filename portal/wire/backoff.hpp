#pragma once

#include <algorithm>
#include <chrono>
#include <random>

namespace trunkline::portal::wire {

/// How long to wait before the next try: doubled from one second up to a minute, +-20 % so that
/// many do not come at once.
class Backoff {
public:
    /// `asked`: the pause the other side asked for; it wins when longer.
    std::chrono::milliseconds next(std::chrono::milliseconds asked) {
        const auto plain =
            std::min<std::chrono::milliseconds>(kFirst * (1 << std::min(failures_, 6)), kMax);
        ++failures_;
        std::uniform_int_distribution<std::int64_t> spread{80, 120};
        return std::max(asked, plain * spread(random_) / 100);
    }
    void succeeded() { failures_ = 0; }

private:
    static constexpr std::chrono::milliseconds kFirst{1'000};
    static constexpr std::chrono::milliseconds kMax{60'000};
    int failures_ = 0;
    std::minstd_rand random_{std::random_device{}()};
};

}  // namespace trunkline::portal::wire
