#pragma once

#include <cstdint>
#include <string_view>

namespace trunkline::tasks {

/// Eight bytes by which an effect is recognised when its task is fed again. Stored with ONCE marks,
/// so how it is computed must not change. Not for security: both sides of the comparison come from
/// the same connector. A value.
class Fingerprint {
public:
    explicit Fingerprint(std::uint64_t kind) { add(kind); }

    void add(std::uint64_t number) noexcept;
    void add(std::string_view text
    ) noexcept;  ///< its length counts, so that "ab","c" differs from "a","bc"
    std::uint64_t value() const noexcept { return state_; }

private:
    std::uint64_t state_ = 0x9E3779B97F4A7C15ULL;
};

}  // namespace trunkline::tasks
