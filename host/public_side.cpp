#include "host/public_side.hpp"

#include <algorithm>

#include <boost/json.hpp>

namespace trunkline {
namespace {

constexpr std::uint64_t kWebhookBytesMax =
    4ULL << 20U;  // Telegram sends at most about 1 MiB, others a few times that
constexpr std::uint64_t kCommandsBytesMax =
    2ULL << 20U;  // 1 MiB of commands, encrypted and base64 encoded

/// The piece of a path after `prefix` up to the next slash, and what follows.
struct Piece {
    std::string_view name, rest;
};

bool under(std::string_view path, std::string_view prefix, Piece& out) {
    if (!path.starts_with(prefix)) return false;
    path.remove_prefix(prefix.size());
    const std::size_t slash = path.find('/');
    out.name = path.substr(0, slash);
    out.rest = slash == std::string_view::npos ? std::string_view{} : path.substr(slash + 1);
    return !out.name.empty();
}

net::BodyPlan refuse(int status, std::string_view code, std::string_view detail) {
    net::BodyPlan plan;
    plan.refuse = net::problem(status, code, detail);
    return plan;
}

net::BodyPlan only(std::string_view method, std::string_view allowed, net::BodyPlan plan) {
    if (method == allowed) return plan;
    net::BodyPlan refused = refuse(405, "method_not_allowed", "this address takes another method");
    refused.refuse->headers.push_back({"Allow", std::string{allowed}});
    return refused;
}

net::BodyPlan take(std::uint64_t bytes, bool streamed = false) {
    net::BodyPlan plan;
    plan.bytes_max = bytes;
    plan.streamed = streamed;
    return plan;
}

}  // namespace

net::BodyPlan PublicSide::plan(const net::RequestHead& head) {
    Piece piece;
    if (under(head.path, "/hooks/", piece)) {
        if (!rooms_.directory.account(piece.name))
            return refuse(404, "not_found", "no such account");
        if (head.method != "GET" && head.method != "POST") return only(head.method, "POST", {});
        return take(kWebhookBytesMax);
    }
    if (under(head.path, "/v1/portals/", piece) && piece.rest == "commands") {
        // An unknown portal is answered like a wrong signature, so that ids cannot be tried out.
        if (!rooms_.directory.portal(piece.name))
            return refuse(401, "unauthorized", "the request is not authentic");
        return only(head.method, "POST", take(kCommandsBytesMax));
    }
    if (under(head.path, "/v1/uploads/", piece) && piece.rest.empty()) {
        std::uint64_t most = 0;
        for (const auto& [id, portal] : rooms_.directory.portals())
            most = std::max(most, portal->limits().media_bytes);
        return only(head.method, "PUT", take(most, true));
    }
    if (under(head.path, "/media/", piece)) {
        if (head.method == "HEAD") return take(0);
        return only(head.method, "GET", take(0));
    }
    if (under(head.path, "/connect/", piece)) return rooms_.connect.plan(head);
    if (head.path == "/healthz" || head.path == "/readyz") return take(0);
    return refuse(404, "not_found", "no such address");
}

async::Awaitable<net::Response> PublicSide::handle(net::Request request) {
    Piece piece;
    const std::string_view path = request.head.path;
    if (under(path, "/hooks/", piece)) {
        auto account = rooms_.directory.account(piece.name);
        if (!account) co_return net::problem(404, "not_found", "no such account");
        auto response = co_await rooms_.inbound.webhook(std::move(account), std::move(request));
        co_return response;
    }
    if (under(path, "/v1/portals/", piece)) {
        auto portal = rooms_.directory.portal(piece.name);
        if (!portal) co_return net::problem(401, "unauthorized", "the request is not authentic");
        auto response = co_await rooms_.commands.handle(std::move(portal), std::move(request));
        co_return response;
    }
    if (under(path, "/v1/uploads/", piece)) {
        auto response = co_await rooms_.relay.put(std::string{piece.name}, std::move(request));
        co_return response;
    }
    if (under(path, "/connect/", piece)) {
        auto response = co_await rooms_.connect.handle(std::move(request));
        co_return response;
    }
    if (under(path, "/media/", piece)) {
        auto response = co_await rooms_.relay.get(
            std::string{piece.name}, std::string{piece.rest}, std::move(request)
        );
        co_return response;
    }
    co_return path == "/readyz" ? readiness() : health();
}

net::Response PublicSide::health() const {
    net::Response response;
    response.headers.push_back({"Content-Type", "application/json"});
    response.body = R"({"status":"ok"})";
    return response;
}

net::Response PublicSide::readiness() const {
    boost::json::array reasons;
    if (!ready_) reasons.emplace_back("starting or stopping");
    if (rooms_.store.read_only()) reasons.emplace_back("the store is full or broken");
    net::Response response = health();
    if (reasons.empty()) return response;
    response.status = 503;
    response.body = boost::json::serialize(boost::json::object{
        {"status", "unavailable"}, {"reasons", reasons}});
    return response;
}

}  // namespace trunkline
