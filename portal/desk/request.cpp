#include "portal/desk/request.hpp"

#include <boost/json/serialize.hpp>

#include "host/net/url.hpp"

namespace trunkline::portal::desk {

std::vector<std::string> segments(std::string_view path) {
    std::vector<std::string> parts;
    while (!path.empty() && parts.size() < 16) {
        path.remove_prefix(1);
        const auto end = std::min(path.find('/'), path.size());
        auto part = net::percent_decode(path.substr(0, end));
        // A broken escape names nothing here.
        parts.push_back(part ? *std::move(part) : std::string{});
        path.remove_prefix(end);
    }
    return parts;
}

std::optional<std::int64_t> parse_number(std::string_view text) {
    if (text.empty() || text.size() > 18) return std::nullopt;
    std::int64_t number = 0;
    for (const char digit : text) {
        if (digit < '0' || digit > '9') return std::nullopt;
        number = number * 10 + (digit - '0');
    }
    return number;
}

net::Response answer(int status, const boost::json::value& body) {
    net::Response response;
    response.status = status;
    response.headers.push_back({"Content-Type", "application/json"});
    response.headers.push_back({"Cache-Control", "no-store"});
    response.headers.push_back({"X-Content-Type-Options", "nosniff"});
    response.body = boost::json::serialize(body);
    return response;
}

net::Response answer(const Error& error) {
    switch (error.fault) {
        case Fault::malformed:
            return net::problem(422, "malformed", error.context);
        case Fault::not_found:
            return net::problem(404, "not_found", error.context);
        case Fault::conflict:
            return net::problem(409, "conflict", error.context);
        case Fault::throttled:
            return net::problem(413, "too_large", error.context);
        case Fault::rejected:
            return net::problem(403, "refused", error.context);
        case Fault::unavailable:
        case Fault::unknown:
            return net::problem(502, "unavailable", error.context);
        default:
            return net::problem(503, "storage", "the portal cannot do this now");
    }
}

}  // namespace trunkline::portal::desk
