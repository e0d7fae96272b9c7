#pragma once

#include <algorithm>
#include <chrono>

namespace trunkline::quotas {

/// So many per second, with a burst. A value without a lock: it belongs to one loop, or its owner
/// guards it.
class TokenBucket {
public:
    using Time = std::chrono::steady_clock::time_point;

    /// Begins full.
    TokenBucket(double per_second, double burst)
        : per_second_{per_second}, burst_{burst}, tokens_{burst} {}

    /// Takes `count` now, or says how long to wait before asking again (zero = taken). More than
    /// the burst is given out of a full bucket, as debt: what comes in one piece could otherwise
    /// never pass.
    std::chrono::milliseconds take(Time now, double count = 1) {
        const auto wait = this->wait(now, count);
        if (wait.count() == 0) tokens_ -= count;
        return wait;
    }

    /// Takes `count` even if that means debt; for calls that were made already.
    void charge(Time now, double count = 1) {
        refill(now);
        tokens_ -= count;
    }

    /// How long until `count` could be taken.
    std::chrono::milliseconds wait(Time now, double count = 1) {
        return until(now, std::min(count, burst_));
    }

    /// How long it takes to give `count`, one after the other, to whoever comes first: also more
    /// than it ever holds.
    std::chrono::milliseconds until(Time now, double count) {
        refill(now);
        if (tokens_ >= count) return std::chrono::milliseconds{0};
        // A century is as good as never, and still a time that can be reckoned with.
        constexpr double kLongestMs = 100.0 * 366 * 24 * 3600 * 1000;
        const double ms = std::min(kLongestMs, (count - tokens_) / per_second_ * 1000.0);
        return std::chrono::milliseconds{1 + static_cast<std::int64_t>(ms)};
    }

    /// True when nothing was taken for so long that a fresh bucket would be the same.
    bool full(Time now) { return level(now) >= burst_; }

    /// What could be taken now.
    double level(Time now) {
        refill(now);
        return tokens_;
    }
    void set_level(Time now, double level) {
        refill(now);
        tokens_ = std::min(level, burst_);
    }

    double per_second() const noexcept { return per_second_; }
    double burst() const noexcept { return burst_; }

private:
    void refill(Time now) {
        if (last_ == Time{}) last_ = now;
        const std::chrono::duration<double> passed = now - last_;
        if (passed.count() > 0) {
            tokens_ = std::min(burst_, tokens_ + passed.count() * per_second_);
            last_ = now;
        }
    }

    double per_second_;
    double burst_;
    double tokens_;
    Time last_{};
};

}  // namespace trunkline::quotas
