#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "host/net/http.hpp"

/// The request parser's own door: bytes in, views out, no I/O. RFC 9112, on its strict side:
/// whatever two parsers could read differently (and so be used to smuggle a request past one of
/// them) is refused.
namespace trunkline::net {

/// Why a request is not served. `status` 0 = nothing is wrong. The texts live for ever.
struct Refusal {
    int status = 0;
    const char* code = "";
    const char* detail = "";

    explicit operator bool() const noexcept { return status != 0; }
};

struct HeadLimits {
    std::size_t head_bytes_max = 32 * 1024;
    std::size_t target_bytes_max = 8 * 1024;
    std::size_t headers_max = 100;
};

/// Reads one request's line and headers. Used as `scan` with a growing buffer until it is done,
/// then `parse` with the head at its final place; the views borrow those bytes. `reset` before the
/// next request.
class RequestParser {
public:
    enum class Scan { more, done, refused };

    explicit RequestParser(HeadLimits limits) : limits_{limits} {}

    /// Looks for the end of the head. `bytes` begins where it began at the last call and may only
    /// have grown. Costs time in proportion to the new bytes only.
    Scan scan(std::string_view bytes) noexcept;
    std::size_t head_bytes() const noexcept {
        return head_bytes_;
    }  ///< after `done`, empty first lines included

    /// `head`: exactly the bytes that `scan` measured. False: see `refusal`.
    bool parse(std::string_view head);
    void reset() noexcept;

    const Refusal& refusal() const noexcept { return refusal_; }

    // After a successful parse.
    std::string_view method() const noexcept { return method_; }
    std::string_view target() const noexcept { return target_; }  ///< always begins with '/'
    const std::vector<HeaderView>& headers() const noexcept { return headers_; }
    std::uint64_t content_length() const noexcept { return length_.value_or(0); }
    bool chunked() const noexcept { return chunked_; }
    bool keep_alive() const noexcept { return keep_alive_; }
    bool expects_continue() const noexcept { return expects_continue_; }
    bool http_1_0() const noexcept { return http_1_0_; }

private:
    bool refuse(int status, const char* code, const char* detail) noexcept;
    bool parse_request_line(std::string_view line);
    bool parse_target(std::string_view target);
    bool parse_absolute(std::string_view target);
    bool parse_field(std::string_view line);
    bool note_field(const HeaderView& field);
    bool note_content_length(std::string_view value);
    bool finish();

    HeadLimits limits_;
    Refusal refusal_;
    std::size_t scanned_ = 0;     // bytes looked at
    std::size_t line_start_ = 0;  // where the present line begins
    std::size_t head_bytes_ = 0;
    bool in_fields_ = false;  // the request line is complete

    std::string_view method_;
    std::string_view target_;
    std::string_view authority_;   // of an absolute-form target; replaces Host
    std::string absolute_target_;  // "/?query", when the absolute form had no path to point into
    std::vector<HeaderView> headers_;
    std::optional<std::uint64_t> length_;
    std::size_t hosts_ = 0;
    bool chunked_ = false;
    bool transfer_encoded_ = false;
    bool close_asked_ = false;
    bool keep_asked_ = false;
    bool keep_alive_ = false;
    bool expects_continue_ = false;
    bool http_1_0_ = false;
};

/// True for the characters of an RFC 9110 token (method, field name).
bool is_token(std::string_view text) noexcept;
/// True when `value` may stand in a field: no controls but the tab.
bool is_field_value(std::string_view value) noexcept;

}  // namespace trunkline::net
