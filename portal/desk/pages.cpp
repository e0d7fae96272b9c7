#include "portal/desk/pages.hpp"

namespace trunkline::portal::desk {

namespace {

constexpr const char* kPolicy =
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' blob: data:; "
    "media-src 'self' blob:; "
    "connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'; "
    "require-trusted-types-for 'script'";

}  // namespace

net::Response page(const net::RequestHead& head) {
    if (head.method != "GET" && head.method != "HEAD") {
        auto refused = net::problem(405, "method_not_allowed", "this address takes GET");
        refused.headers.push_back({"Allow", "GET, HEAD"});
        return refused;
    }
    for (const auto& asset : web_assets()) {
        if (asset.path != head.path) continue;
        net::Response response;
        response.headers.push_back({"Content-Type", std::string{asset.type}});
        response.headers.push_back(
            {"Cache-Control", asset.immutable ? "public, max-age=31536000, immutable" : "no-cache"}
        );
        response.headers.push_back({"Content-Security-Policy", kPolicy});
        response.headers.push_back({"X-Content-Type-Options", "nosniff"});
        response.headers.push_back({"Referrer-Policy", "no-referrer"});
        response.headers.push_back({"Cross-Origin-Opener-Policy", "same-origin"});
        response.headers.push_back({"Cross-Origin-Resource-Policy", "same-origin"});
        response.headers.push_back({"Vary", "Accept-Encoding"});
        const bool zipped = !asset.gzip.empty() &&
                            head.header("accept-encoding").find("gzip") != std::string_view::npos;
        if (zipped) response.headers.push_back({"Content-Encoding", "gzip"});
        response.body = std::string{zipped ? asset.gzip : asset.bytes};
        return response;
    }
    return net::problem(404, "not_found", "no such address");
}

}  // namespace trunkline::portal::desk
