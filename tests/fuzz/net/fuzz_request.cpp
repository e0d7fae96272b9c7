// Feeds arbitrary bytes to the request parser and the body decoder, and checks what must hold for
// any input: the verdict does not depend on how the bytes were cut, views stay within the head, and
// nothing is used twice.
#include "fuzz_request.hpp"

#include <algorithm>

#include "host/base/assert.hpp"
#include "host/net/body_decoder.hpp"
#include "host/net/request_parser.hpp"

namespace trunkline::net {

namespace {

struct Verdict {
    int status = -1;  // -1 = incomplete, 0 = a request
    std::string method;
    std::string target;
    std::size_t headers = 0;
    std::string body;
    int body_status = -1;
    std::size_t used = 0;
    friend bool operator==(const Verdict&, const Verdict&) = default;
};

bool within(std::string_view part, std::string_view whole) {
    return part.data() >= whole.data() && part.data() + part.size() <= whole.data() + whole.size();
}

void check_views(const RequestParser& parser, std::string_view head) {
    TRUNKLINE_ASSERT(within(parser.method(), head));
    TRUNKLINE_ASSERT(parser.target().starts_with('/'));
    for (const auto& header : parser.headers()) {
        TRUNKLINE_ASSERT(within(header.name, head));
        TRUNKLINE_ASSERT(within(header.value, head));
        TRUNKLINE_ASSERT(is_token(header.name));
        TRUNKLINE_ASSERT(is_field_value(header.value));
    }
    TRUNKLINE_ASSERT(!(parser.chunked() && parser.content_length() > 0));
}

void judge_body(
    const RequestParser& parser, std::string_view bytes, std::size_t step, Verdict& out
) {
    BodyDecoder decoder;
    if (parser.chunked()) {
        decoder.start_chunked();
    } else {
        decoder.start_length(parser.content_length());
    }
    std::size_t used = 0;
    while (used < bytes.size() && !decoder.done() && !decoder.refusal()) {
        const auto n = decoder.feed(bytes.substr(used, step), out.body, step);
        TRUNKLINE_ASSERT(n > 0);
        used += n;
    }
    TRUNKLINE_ASSERT(out.body.size() <= used);
    out.body_status = decoder.refusal() ? decoder.refusal().status : decoder.done() ? 0 : -1;
    out.used += used;
}

Verdict judge(std::string_view bytes, std::size_t step) {
    Verdict out;
    RequestParser parser{{4096, 1024, 20}};
    for (std::size_t seen = 0; seen < bytes.size();) {
        seen = std::min(bytes.size(), seen + step);
        const auto scan = parser.scan(bytes.substr(0, seen));
        if (scan == RequestParser::Scan::more) continue;
        out.status = parser.refusal().status;
        if (scan == RequestParser::Scan::refused) {
            TRUNKLINE_ASSERT(out.status >= 400);
            return out;
        }
        const std::string head{bytes.substr(0, parser.head_bytes())};
        const bool good = parser.parse(head);
        out.status = parser.refusal().status;
        TRUNKLINE_ASSERT(good == (out.status == 0));
        if (!good) return out;
        check_views(parser, head);
        out.method = parser.method();
        out.target = parser.target();
        out.headers = parser.headers().size();
        out.used = head.size();
        judge_body(parser, bytes.substr(head.size()), step, out);
        return out;
    }
    return out;
}

}  // namespace

void fuzz_request(std::string_view bytes) {
    const auto whole = judge(bytes, std::max<std::size_t>(bytes.size(), 1));
    const auto single = judge(bytes, 1);
    // Cut finely, an over-long head is refused before its end could show another fault; all else
    // must agree.
    const auto too_long = [](int status) { return status == 414 || status == 431; };
    if (!too_long(single.status) && !too_long(whole.status)) {
        TRUNKLINE_ASSERT(whole == single);
        TRUNKLINE_ASSERT(judge(bytes, 7) == single);
    }
}

}  // namespace trunkline::net
