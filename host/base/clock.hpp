#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <string>

namespace trunkline {

/// Milliseconds since the Unix epoch, UTC. What is stored and sent.
using WallMs = std::int64_t;

/// The two clocks of the host, injectable so that tests never wait. Both are safe from any thread.
class Clock {
public:
    virtual ~Clock() = default;

    virtual WallMs wall_ms() const noexcept = 0;                                ///< may jump
    virtual std::chrono::steady_clock::time_point steady() const noexcept = 0;  ///< never goes back
};

/// The machine's clocks.
class SystemClock final : public Clock {
public:
    WallMs wall_ms() const noexcept override;
    std::chrono::steady_clock::time_point steady() const noexcept override;
};

/// A clock that a test moves by hand. Wall and steady can be moved apart.
class FakeClock final : public Clock {
public:
    explicit FakeClock(WallMs start_ms = 1'763'800'000'000) : wall_{start_ms} {}

    WallMs wall_ms() const noexcept override { return wall_.load(); }
    std::chrono::steady_clock::time_point steady() const noexcept override {
        return std::chrono::steady_clock::time_point{std::chrono::milliseconds{steady_.load()}};
    }
    void advance(std::chrono::milliseconds by) {
        wall_ += by.count();
        steady_ += by.count();
    }
    void jump_wall(std::chrono::milliseconds by) { wall_ += by.count(); }

private:
    std::atomic<std::int64_t> wall_;
    std::atomic<std::int64_t> steady_{1'000'000};
};

/// RFC 3339 in UTC with milliseconds, e.g. "2026-11-22T08:00:00.123Z".
std::string rfc3339(WallMs ms);

/// Reads what `rfc3339` writes (fraction optional, "Z" or +hh:mm); false when it is anything else.
bool parse_rfc3339(const std::string& text, WallMs& out) noexcept;

/// RFC 9110 date, e.g. "Sun, 22 Nov 2026 08:00:00 GMT".
std::string http_date(WallMs ms);

}  // namespace trunkline
