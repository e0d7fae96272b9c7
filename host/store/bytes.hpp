#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace trunkline::store {

/// Appends numbers (big endian) and texts (u32 size first) to a string that somebody else owns.
class Out {
public:
    explicit Out(std::string& to) : to_{to} {}

    Out& u8(std::uint8_t value) { return number(value, 1); }
    Out& u16(std::uint16_t value) { return number(value, 2); }
    Out& u32(std::uint32_t value) { return number(value, 4); }
    Out& u64(std::uint64_t value) { return number(value, 8); }
    Out& ms(std::int64_t value) { return u64(static_cast<std::uint64_t>(value)); }
    Out& text(std::string_view value) {
        u32(static_cast<std::uint32_t>(value.size()));
        to_.append(value);
        return *this;
    }
    Out& raw(std::string_view value) {
        to_.append(value);
        return *this;
    }

private:
    Out& number(std::uint64_t value, unsigned bytes) {
        for (unsigned i = bytes; i-- > 0;)
            to_.push_back(static_cast<char>((value >> (8 * i)) & 0xffU));
        return *this;
    }

    std::string& to_;
};

/// Reads what `Out` wrote. Past the end everything reads as zero or empty and `ok()` is false from
/// then on.
class In {
public:
    explicit In(std::string_view from) : rest_{from} {}

    std::uint8_t u8() { return static_cast<std::uint8_t>(number(1)); }
    std::uint16_t u16() { return static_cast<std::uint16_t>(number(2)); }
    std::uint32_t u32() { return static_cast<std::uint32_t>(number(4)); }
    std::uint64_t u64() { return number(8); }
    std::int64_t ms() { return static_cast<std::int64_t>(number(8)); }
    std::string_view text() { return raw(u32()); }
    std::string_view raw(std::size_t size) {
        if (size > rest_.size()) {
            ok_ = false;
            rest_ = {};
            return {};
        }
        const auto taken = rest_.substr(0, size);
        rest_.remove_prefix(size);
        return taken;
    }

    std::string_view rest() const noexcept { return rest_; }
    bool ok() const noexcept { return ok_; }

private:
    std::uint64_t number(std::size_t bytes) {
        std::uint64_t value = 0;
        for (const char c : raw(bytes))
            value = (value << 8U) | static_cast<std::uint8_t>(c);
        return value;
    }

    std::string_view rest_;
    bool ok_ = true;
};

}  // namespace trunkline::store
