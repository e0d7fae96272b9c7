#include "host/net/response_head.hpp"

#include <array>
#include <charconv>

#include <boost/json.hpp>

#include "host/net/request_parser.hpp"

namespace trunkline::net {

namespace {

bool is_ours(std::string_view name) noexcept {
    switch (name.size()) {
        case 4:
            return equal_ignoring_case(name, "date");
        case 10:
            return equal_ignoring_case(name, "connection") ||
                   equal_ignoring_case(name, "keep-alive");
        case 14:
            return equal_ignoring_case(name, "content-length");
        case 17:
            return equal_ignoring_case(name, "transfer-encoding");
        default:
            return false;
    }
}

void append_number(std::string& out, std::uint64_t value) {
    std::array<char, 24> digits{};
    const auto [end, error] = std::to_chars(digits.data(), digits.data() + digits.size(), value);
    out.append(digits.data(), end);
}

}  // namespace

std::string_view reason_phrase(int status) noexcept {
    switch (status) {
        case 100:
            return "Continue";
        case 200:
            return "OK";
        case 201:
            return "Created";
        case 202:
            return "Accepted";
        case 204:
            return "No Content";
        case 206:
            return "Partial Content";
        case 301:
            return "Moved Permanently";
        case 302:
            return "Found";
        case 303:
            return "See Other";
        case 304:
            return "Not Modified";
        case 307:
            return "Temporary Redirect";
        case 308:
            return "Permanent Redirect";
        case 400:
            return "Bad Request";
        case 401:
            return "Unauthorized";
        case 403:
            return "Forbidden";
        case 404:
            return "Not Found";
        case 405:
            return "Method Not Allowed";
        case 406:
            return "Not Acceptable";
        case 408:
            return "Request Timeout";
        case 409:
            return "Conflict";
        case 410:
            return "Gone";
        case 411:
            return "Length Required";
        case 412:
            return "Precondition Failed";
        case 413:
            return "Content Too Large";
        case 414:
            return "URI Too Long";
        case 415:
            return "Unsupported Media Type";
        case 416:
            return "Range Not Satisfiable";
        case 417:
            return "Expectation Failed";
        case 421:
            return "Misdirected Request";
        case 422:
            return "Unprocessable Content";
        case 425:
            return "Too Early";
        case 428:
            return "Precondition Required";
        case 429:
            return "Too Many Requests";
        case 431:
            return "Request Header Fields Too Large";
        case 500:
            return "Internal Server Error";
        case 501:
            return "Not Implemented";
        case 502:
            return "Bad Gateway";
        case 503:
            return "Service Unavailable";
        case 504:
            return "Gateway Timeout";
        case 505:
            return "HTTP Version Not Supported";
        case 507:
            return "Insufficient Storage";
        default:
            return "Status";
    }
}

bool append_head(std::string& out, const Response& response, const Framing& framing) {
    if (response.status < 200 || response.status > 599) return false;
    for (const auto& header : response.headers) {
        if (!is_token(header.name) || !is_field_value(header.value)) return false;
    }
    out.append("HTTP/1.1 ");
    append_number(out, static_cast<std::uint64_t>(response.status));
    out.append(" ")
        .append(reason_phrase(response.status))
        .append("\r\nDate: ")
        .append(framing.date);
    for (const auto& header : response.headers) {
        if (is_ours(header.name)) continue;
        out.append("\r\n").append(header.name).append(": ").append(header.value);
    }
    if (framing.length) {
        out.append("\r\nContent-Length: ");
        append_number(out, *framing.length);
    }
    if (framing.chunked) out.append("\r\nTransfer-Encoding: chunked");
    if (!framing.keep_alive) {
        out.append("\r\nConnection: close");
    } else if (framing.http_1_0) {
        out.append("\r\nConnection: keep-alive");
    }
    out.append("\r\n\r\n");
    return true;
}

Response problem(int status, std::string_view code, std::string_view detail) {
    boost::json::object body;
    body["type"] = "about:blank";
    body["title"] = reason_phrase(status);
    body["status"] = status;
    body["code"] = code;
    body["detail"] = detail;
    Response response;
    response.status = status;
    response.headers.push_back({"Content-Type", "application/problem+json"});
    response.body = boost::json::serialize(body);
    return response;
}

}  // namespace trunkline::net
