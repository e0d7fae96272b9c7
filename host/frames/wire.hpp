#pragma once

#include <cstdint>
#include <cstring>
#include <string>
#include <string_view>
#include <type_traits>

#include <trunkline/abi.h>

namespace trunkline::frames {

constexpr std::size_t kPairLeast = 16;  ///< of a name and a value on the wire: two sizes

/// Appends numbers in the machine's own order (both ends are on one machine) and texts behind their
/// sizes.
class Writer {
public:
    explicit Writer(std::string& out) : out_{out} {}

    template <class Number>
    void number(Number value) {
        static_assert(std::is_integral_v<Number>);
        char bytes[sizeof value];
        std::memcpy(bytes, &value, sizeof value);
        out_.append(bytes, sizeof value);
    }
    void text(std::string_view text) {
        number(static_cast<std::uint64_t>(text.size()));
        out_.append(text);
    }
    void view(tl_view view) {
        text(view.size == 0 ? std::string_view{} : std::string_view{view.data, view.size});
    }

private:
    std::string& out_;
};

/// Reads what Writer writes, out of bytes that may be anything. After the first thing that does not
/// fit everything reads as zero or empty, and `whole` stays false.
class Reader {
public:
    explicit Reader(std::string_view bytes) : rest_{bytes} {}

    template <class Number>
    Number number() {
        static_assert(std::is_integral_v<Number>);
        Number value{};
        if (rest_.size() < sizeof value) return fail(), Number{};
        std::memcpy(&value, rest_.data(), sizeof value);
        rest_.remove_prefix(sizeof value);
        return value;
    }
    bool flag() { return number<std::uint8_t>() != 0; }
    std::string_view text() {
        const auto size = number<std::uint64_t>();
        if (size > rest_.size()) return fail(), std::string_view{};
        const std::string_view part = rest_.substr(0, size);
        rest_.remove_prefix(size);
        return part;
    }
    tl_view view() {
        const std::string_view part = text();
        return {part.data(), part.size()};
    }
    /// A count of things that take at least `least` bytes each: one that cannot be true is refused
    /// before anybody makes room for it.
    std::uint32_t count(std::size_t least, std::uint32_t most) {
        const auto value = number<std::uint32_t>();
        if (value > most || value > rest_.size() / least) return fail(), 0;
        return value;
    }

    /// What was read makes no sense to the caller.
    void refuse() noexcept { fail(); }

    bool failed() const noexcept { return failed_; }
    bool whole() const noexcept { return !failed_ && rest_.empty(); }
    std::string_view rest() const noexcept { return rest_; }

private:
    void fail() noexcept {
        failed_ = true;
        rest_ = {};
    }

    std::string_view rest_;
    bool failed_ = false;
};

}  // namespace trunkline::frames
