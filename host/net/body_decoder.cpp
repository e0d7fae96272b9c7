#include "host/net/body_decoder.hpp"

#include <algorithm>

namespace trunkline::net {

namespace {

constexpr unsigned kSizeDigitsMax = 15;  // below 2^60
constexpr std::uint32_t kExtensionBytesMax =
    4 * 1024;  // nobody uses them; a flood of them is an attack
constexpr std::uint32_t kTrailerBytesMax = 8 * 1024;

}  // namespace

void BodyDecoder::start_none() noexcept {
    refusal_ = {};
    left_ = 0;
    state_ = State::done;
}

void BodyDecoder::start_length(std::uint64_t length) noexcept {
    refusal_ = {};
    left_ = length;
    state_ = length == 0 ? State::done : State::length;
}

void BodyDecoder::start_chunked() noexcept {
    refusal_ = {};
    left_ = 0;
    digits_ = 0;
    extension_bytes_ = trailer_bytes_ = 0;
    trailer_line_.clear();
    state_ = State::size;
}

void BodyDecoder::refuse(const char* detail) noexcept {
    refusal_ = {400, "bad_request", detail};
    state_ = State::refused;
}

std::size_t BodyDecoder::feed(std::string_view in, std::string& out, std::size_t out_bytes_max) {
    std::size_t used = 0;
    std::size_t room = out_bytes_max;
    while (used < in.size() && state_ != State::done && state_ != State::refused) {
        if (state_ != State::length && state_ != State::data) {
            on_byte(in[used++]);
            continue;
        }
        const auto most = std::min<std::uint64_t>({left_, in.size() - used, room});
        const auto n = static_cast<std::size_t>(most);
        if (n == 0) break;
        out.append(in.substr(used, n));
        used += n;
        room -= n;
        left_ -= n;
        if (left_ == 0) state_ = state_ == State::length ? State::done : State::data_cr;
    }
    return used;
}

void BodyDecoder::on_byte(char c) {
    switch (state_) {
        case State::size:
            return on_size(c);
        case State::extension:
            if (c == '\r') {
                state_ = State::size_lf;
            } else if (++extension_bytes_ > kExtensionBytesMax) {
                refuse("the chunk extensions are too long");
            } else if (!is_field_value({&c, 1})) {
                refuse("a chunk extension has a control character");
            }
            return;
        case State::size_lf:
            return c == '\n' ? end_of_size_line() : refuse("a bare CR in a chunk size");
        case State::data_cr:
            if (c != '\r') return refuse("a chunk is longer than it said");
            state_ = State::data_lf;
            return;
        case State::data_lf:
            if (c != '\n') return refuse("a bare CR after a chunk");
            digits_ = 0;
            state_ = State::size;
            return;
        case State::trailer:
            return on_trailer(c);
        case State::done:
        case State::length:
        case State::data:
        case State::refused:
            return;
    }
}

void BodyDecoder::on_size(char c) {
    int value = -1;
    if (c >= '0' && c <= '9') value = c - '0';
    if (c >= 'a' && c <= 'f') value = c - 'a' + 10;
    if (c >= 'A' && c <= 'F') value = c - 'A' + 10;
    if (value >= 0) {
        if (++digits_ > kSizeDigitsMax) return refuse("a chunk size is too long");
        left_ = left_ * 16 + static_cast<std::uint64_t>(value);
        return;
    }
    if (digits_ == 0) return refuse("a chunk has no size");
    if (c == '\r') {
        state_ = State::size_lf;
    } else if (c == ';') {
        state_ = State::extension;
    } else {
        refuse("a chunk size is not a number");
    }
}

void BodyDecoder::end_of_size_line() noexcept {
    state_ = left_ == 0 ? State::trailer : State::data;
}

// Trailers are checked and dropped: nothing above looks at them, and believing them is a known
// trap.
void BodyDecoder::on_trailer(char c) {
    if (++trailer_bytes_ > kTrailerBytesMax) return refuse("the trailers are too long");
    if (c != '\n') {
        trailer_line_.push_back(c);
        return;
    }
    if (!trailer_line_.ends_with('\r')) return refuse("a trailer line ends without CR");
    trailer_line_.pop_back();
    if (trailer_line_.empty()) {
        state_ = State::done;
        return;
    }
    const auto colon = trailer_line_.find(':');
    const std::string_view line{trailer_line_};
    if (colon == std::string::npos || !is_token(line.substr(0, colon)) ||
        !is_field_value(line.substr(colon + 1))) {
        return refuse("a trailer is not a header");
    }
    trailer_line_.clear();
}

}  // namespace trunkline::net
