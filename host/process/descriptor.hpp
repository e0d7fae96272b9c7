#pragma once

#include <utility>

#include <unistd.h>

namespace trunkline::process {

/// A descriptor that closes itself. Moves.
class Descriptor {
public:
    explicit Descriptor(int value = -1) noexcept : value_{value} {}
    ~Descriptor() { close(); }
    Descriptor(Descriptor&& other) noexcept : value_{std::exchange(other.value_, -1)} {}
    Descriptor& operator=(Descriptor&& other) noexcept {
        std::swap(value_, other.value_);
        return *this;
    }
    Descriptor(const Descriptor&) = delete;
    Descriptor& operator=(const Descriptor&) = delete;

    int get() const noexcept { return value_; }
    int release() noexcept { return std::exchange(value_, -1); }
    void close() noexcept {
        if (value_ >= 0) ::close(release());
    }

private:
    int value_;
};

}  // namespace trunkline::process
