#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "host/net/request_parser.hpp"

namespace trunkline::net {

/// Takes a request's body out of the byte stream: Content-Length or chunked (RFC 9112 sections 6
/// and 7.1). No I/O.
class BodyDecoder {
public:
    void start_none() noexcept;
    void start_length(std::uint64_t length) noexcept;
    void start_chunked() noexcept;

    /// Moves body bytes from the front of `in` to the end of `out`, until `in` or `out_bytes_max`
    /// is used up or the body ends. Returns how many bytes of `in` were used. After a refusal
    /// nothing more is used.
    std::size_t feed(std::string_view in, std::string& out, std::size_t out_bytes_max);

    bool done() const noexcept { return state_ == State::done; }
    const Refusal& refusal() const noexcept { return refusal_; }
    /// How many bytes are known to be still missing of the present stretch (the whole rest, with
    /// Content-Length).
    std::uint64_t pending() const noexcept { return left_; }

private:
    enum class State {
        done,
        length,
        size,
        extension,
        size_lf,
        data,
        data_cr,
        data_lf,
        trailer,
        refused
    };

    void on_byte(char c);
    void on_size(char c);
    void on_trailer(char c);
    void end_of_size_line() noexcept;
    void refuse(const char* detail) noexcept;

    State state_ = State::done;
    Refusal refusal_;
    std::uint64_t left_ = 0;
    unsigned digits_ = 0;
    std::uint32_t extension_bytes_ = 0;  // of the whole body
    std::string trailer_line_;
    std::uint32_t trailer_bytes_ = 0;
};

}  // namespace trunkline::net
