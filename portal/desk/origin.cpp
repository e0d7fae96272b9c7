#include "portal/desk/origin.hpp"

namespace trunkline::portal::desk {

Origin::Origin(std::string public_url, bool on_loopback) : on_loopback_{on_loopback} {
    const auto scheme = public_url.find("://");
    authority_ = scheme == std::string::npos ? public_url : public_url.substr(scheme + 3);
}

bool Origin::known_host(std::string_view host) const {
    if (net::equal_ignoring_case(host, authority_)) return true;
    if (!on_loopback_) return false;
    const auto port = host.starts_with('[') ? host.find("]:") : host.find(':');
    const auto name =
        host.substr(0, host.starts_with('[') && port != std::string_view::npos ? port + 1 : port);
    return name == "127.0.0.1" || name == "[::1]" || net::equal_ignoring_case(name, "localhost");
}

std::optional<net::Response> Origin::refusal(const net::RequestHead& head) const {
    const auto host = head.header("host");
    if (!known_host(host))
        return net::problem(421, "unknown_host", "this portal is not known by that name");
    if (head.method == "GET" || head.method == "HEAD") return std::nullopt;

    const auto site = head.header("sec-fetch-site");
    if (!site.empty() && site != "same-origin") {
        return net::problem(403, "cross_site", "changes are taken from the portal's own page only");
    }
    const auto origin = head.header("origin");
    const bool same =
        origin == "http://" + std::string{host} || origin == "https://" + std::string{host};
    if (!origin.empty() && !same) {
        return net::problem(403, "cross_site", "changes are taken from the portal's own page only");
    }
    // A form can send neither type without asking first (CORS preflight, which is never answered).
    const auto type = head.header("content-type");
    const bool upload = head.path == "/api/files";
    if (!type.starts_with(upload ? "application/octet-stream" : "application/json")) {
        return net::problem(
            415, "content_type", upload ? "send application/octet-stream" : "send application/json"
        );
    }
    return std::nullopt;
}

}  // namespace trunkline::portal::desk
