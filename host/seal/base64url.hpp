#pragma once

#include <cstddef>
#include <string>
#include <string_view>

/// Base64url for whole bodies: one pass over a buffer of the right size, where host/base favours
/// small code. Every batch goes through it, and character by character it would cost five times the
/// encryption.
namespace trunkline::seal {

constexpr std::size_t base64url_size(std::size_t bytes) noexcept {
    return (bytes * 4 + 2) / 3;
}

void base64url_append(std::string_view bytes, std::string& out);
/// Strict: canonical, no padding. False for anything else; `out` is replaced.
bool base64url_read(std::string_view text, std::string& out);

}  // namespace trunkline::seal
