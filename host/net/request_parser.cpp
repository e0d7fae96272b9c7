#include "host/net/request_parser.hpp"

#include <algorithm>
#include <array>
#include <cstring>

namespace trunkline::net {

namespace {

constexpr std::array<bool, 256> make_token_table() {
    std::array<bool, 256> table{};
    for (unsigned char c = '0'; c <= '9'; ++c)
        table[c] = true;
    for (unsigned char c = 'a'; c <= 'z'; ++c)
        table[c] = true;
    for (unsigned char c = 'A'; c <= 'Z'; ++c)
        table[c] = true;
    for (const char c : std::string_view{"!#$%&'*+-.^_`|~"})
        table[static_cast<unsigned char>(c)] = true;
    return table;
}
constexpr auto kToken = make_token_table();

constexpr std::size_t kMethodBytesMax = 32;
constexpr std::size_t kBlankLinesMax =
    4;  // RFC 9112 section 2.2: at least one before the request line is ignored

std::string_view trim(std::string_view text) noexcept {
    while (!text.empty() && (text.front() == ' ' || text.front() == '\t'))
        text.remove_prefix(1);
    while (!text.empty() && (text.back() == ' ' || text.back() == '\t'))
        text.remove_suffix(1);
    return text;
}

// What may stand in a Host field or an authority; commas, blanks and user information may not.
bool is_authority(std::string_view text) noexcept {
    if (text.empty() || text.size() > 255 + 6) return false;
    return std::all_of(
               text.begin(),
               text.end(),
               [](char c) {
                   return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
                          (c >= '0' && c <= '9') || std::strchr("-._~:[]%!$&'()*+;=", c) != nullptr;
               }
           ) &&
           text.find('\0') == std::string_view::npos;
}

}  // namespace

bool is_token(std::string_view text) noexcept {
    if (text.empty()) return false;
    return std::all_of(text.begin(), text.end(), [](char c) {
        return kToken[static_cast<unsigned char>(c)];
    });
}

bool is_field_value(std::string_view value) noexcept {
    return std::all_of(value.begin(), value.end(), [](char c) {
        const auto u = static_cast<unsigned char>(c);
        return (u >= 0x20 && u != 0x7F) || c == '\t';
    });
}

bool RequestParser::refuse(int status, const char* code, const char* detail) noexcept {
    refusal_ = {status, code, detail};
    return false;
}

void RequestParser::reset() noexcept {
    refusal_ = {};
    scanned_ = line_start_ = head_bytes_ = hosts_ = 0;
    in_fields_ = chunked_ = transfer_encoded_ = false;
    close_asked_ = keep_asked_ = keep_alive_ = expects_continue_ = http_1_0_ = false;
    method_ = target_ = authority_ = {};
    headers_.clear();
    length_.reset();
}

RequestParser::Scan RequestParser::scan(std::string_view bytes) noexcept {
    const auto refused = [this](int status, const char* code, const char* detail) {
        refuse(status, code, detail);
        return Scan::refused;
    };
    const auto not_http = [&] { return refused(400, "bad_request", "not an HTTP request"); };
    while (scanned_ < bytes.size()) {
        const auto* found = std::memchr(bytes.data() + scanned_, '\n', bytes.size() - scanned_);
        if (found == nullptr) {
            scanned_ = bytes.size();
            break;
        }
        const auto at = static_cast<std::size_t>(static_cast<const char*>(found) - bytes.data());
        scanned_ = at + 1;
        if (at == line_start_ || bytes[at - 1] != '\r') {
            return refused(400, "bad_request", "a line ends without CR");
        }
        const bool blank = at - 1 == line_start_;
        if (blank && in_fields_) {
            if (scanned_ > limits_.head_bytes_max) break;
            head_bytes_ = scanned_;
            return Scan::done;
        }
        if (blank && at > 2 * kBlankLinesMax) return refused(400, "bad_request", "no request line");
        if (!blank && !in_fields_) {
            if (!kToken[static_cast<unsigned char>(bytes[line_start_])]) return not_http();
            in_fields_ = true;
        }
        line_start_ = scanned_;
    }
    // A client that speaks TLS, or anything but HTTP, to us is told at its first byte, not after a
    // time-out.
    if (!in_fields_ && line_start_ < bytes.size() && bytes[line_start_] != '\r' &&
        !kToken[static_cast<unsigned char>(bytes[line_start_])]) {
        return not_http();
    }
    if (!in_fields_ && bytes.size() > limits_.target_bytes_max + 2 * kMethodBytesMax) {
        return refused(414, "uri_too_long", "the request line is too long");
    }
    if (bytes.size() > limits_.head_bytes_max) {
        return refused(431, "head_too_large", "the request's head is too large");
    }
    return Scan::more;
}

bool RequestParser::parse(std::string_view head) {
    while (head.starts_with("\r\n"))
        head.remove_prefix(2);
    bool first = true;
    while (true) {
        const auto end = head.find("\r\n");
        if (end == std::string_view::npos) return refuse(400, "bad_request", "the head has no end");
        const auto line = head.substr(0, end);
        head.remove_prefix(end + 2);
        if (line.empty()) break;
        if (first ? !parse_request_line(line) : !parse_field(line)) return false;
        first = false;
    }
    return finish();
}

bool RequestParser::parse_request_line(std::string_view line) {
    const auto first = line.find(' ');
    const auto last = line.rfind(' ');
    if (first == std::string_view::npos || first == last) {
        return refuse(400, "bad_request", "the request line is not three words");
    }
    method_ = line.substr(0, first);
    const auto target = line.substr(first + 1, last - first - 1);
    const auto version = line.substr(last + 1);
    if (!is_token(method_) || method_.size() > kMethodBytesMax) {
        return refuse(400, "bad_request", "the method is not a token");
    }
    const auto digit = [](char c) { return c >= '0' && c <= '9'; };
    if (version.size() != 8 || !version.starts_with("HTTP/") || !digit(version[5]) ||
        version[6] != '.' || !digit(version[7])) {
        return refuse(400, "bad_request", "the version cannot be read");
    }
    if (version != "HTTP/1.1" && version != "HTTP/1.0") {
        return refuse(505, "version_not_supported", "HTTP/1.1 and HTTP/1.0 are spoken here");
    }
    http_1_0_ = version == "HTTP/1.0";
    if (method_ == "CONNECT") return refuse(501, "not_implemented", "this is not a proxy");
    return parse_target(target);
}

bool RequestParser::parse_target(std::string_view target) {
    if (target.size() > limits_.target_bytes_max) {
        return refuse(414, "uri_too_long", "the request target is too long");
    }
    for (const char c : target) {
        const auto u = static_cast<unsigned char>(c);
        if (u <= 0x20 || u >= 0x7F || c == '#') {
            return refuse(
                400, "bad_request", "the request target has a character that must be encoded"
            );
        }
    }
    if (target.starts_with('/')) {
        target_ = target;
        return true;
    }
    return parse_absolute(target);
}

bool RequestParser::parse_absolute(std::string_view target) {
    const auto colon = target.find("://");
    const auto scheme = target.substr(0, colon);
    if (colon == std::string_view::npos ||
        !(equal_ignoring_case(scheme, "http") || equal_ignoring_case(scheme, "https"))) {
        return refuse(400, "bad_request", "the request target is neither a path nor an http URL");
    }
    target.remove_prefix(colon + 3);
    const auto slash = target.find_first_of("/?");
    authority_ = target.substr(0, slash);
    if (!is_authority(authority_)) return refuse(400, "bad_request", "bad authority in the target");
    const auto rest = slash == std::string_view::npos ? std::string_view{} : target.substr(slash);
    if (rest.starts_with('/')) {
        target_ = rest;
        return true;
    }
    absolute_target_.assign(1, '/');
    absolute_target_.append(rest);
    target_ = absolute_target_;
    return true;
}

bool RequestParser::parse_field(std::string_view line) {
    if (line.front() == ' ' || line.front() == '\t') {
        return refuse(400, "bad_request", "a header is folded over two lines");
    }
    const auto colon = line.find(':');
    if (colon == std::string_view::npos) return refuse(400, "bad_request", "a header has no colon");
    HeaderView field{line.substr(0, colon), trim(line.substr(colon + 1))};
    if (!is_token(field.name)) return refuse(400, "bad_request", "a header's name is not a token");
    if (!is_field_value(field.value)) {
        return refuse(400, "bad_request", "a header's value has a control character");
    }
    if (headers_.size() >= limits_.headers_max) {
        return refuse(431, "too_many_headers", "the request has too many headers");
    }
    if (!note_field(field)) return false;
    headers_.push_back(field);
    return true;
}

bool RequestParser::note_field(const HeaderView& field) {
    switch (field.name.size()) {  // cheaper than comparing every name with every word
        case 4:
            if (!equal_ignoring_case(field.name, "host")) break;
            ++hosts_;
            if (!is_authority(field.value)) return refuse(400, "bad_request", "bad Host");
            break;
        case 6:
            if (!equal_ignoring_case(field.name, "expect")) break;
            if (!equal_ignoring_case(field.value, "100-continue")) {
                return refuse(417, "expectation_failed", "only 100-continue may be expected");
            }
            expects_continue_ = !http_1_0_;
            break;
        case 10:
            if (!equal_ignoring_case(field.name, "connection")) break;
            for (auto rest = field.value; !rest.empty();) {
                const auto comma = rest.find(',');
                const auto option = trim(rest.substr(0, comma));
                if (equal_ignoring_case(option, "close")) close_asked_ = true;
                if (equal_ignoring_case(option, "keep-alive")) keep_asked_ = true;
                rest =
                    comma == std::string_view::npos ? std::string_view{} : rest.substr(comma + 1);
            }
            break;
        case 14:
            if (equal_ignoring_case(field.name, "content-length"))
                return note_content_length(field.value);
            break;
        case 17:
            if (!equal_ignoring_case(field.name, "transfer-encoding")) break;
            if (transfer_encoded_)
                return refuse(400, "bad_request", "two Transfer-Encoding headers");
            transfer_encoded_ = true;
            if (!equal_ignoring_case(field.value, "chunked")) {
                return refuse(
                    501, "not_implemented", "only the chunked transfer coding is understood"
                );
            }
            chunked_ = true;
            break;
        default:
            break;
    }
    return true;
}

bool RequestParser::note_content_length(std::string_view value) {
    constexpr std::size_t kDigitsMax = 18;  // below 2^63, so that sums cannot overflow
    if (length_) return refuse(400, "bad_request", "two Content-Length headers");
    if (value.empty() || value.size() > kDigitsMax ||
        value.find_first_not_of("0123456789") != std::string_view::npos) {
        return refuse(400, "bad_request", "the Content-Length is not a number");
    }
    std::uint64_t length = 0;
    for (const char c : value)
        length = length * 10 + static_cast<std::uint64_t>(c - '0');
    length_ = length;
    return true;
}

bool RequestParser::finish() {
    if (hosts_ > 1) return refuse(400, "bad_request", "more than one Host");
    if (hosts_ == 0 && !http_1_0_) return refuse(400, "bad_request", "no Host");
    if (chunked_ && length_) {
        return refuse(400, "bad_request", "both Content-Length and Transfer-Encoding");
    }
    if (chunked_ && http_1_0_) {
        return refuse(400, "bad_request", "HTTP/1.0 has no Transfer-Encoding");
    }
    if (!authority_.empty(
        )) {  // RFC 9112 section 3.2.2: the target's authority is the one that counts
        for (auto& header : headers_) {
            if (equal_ignoring_case(header.name, "host")) header.value = authority_;
        }
    }
    keep_alive_ = !close_asked_ && (!http_1_0_ || keep_asked_);
    return true;
}

}  // namespace trunkline::net
