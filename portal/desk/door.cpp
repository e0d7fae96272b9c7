#include "portal/desk/door.hpp"

#include <boost/json/object.hpp>

#include "portal/desk/pages.hpp"
#include "portal/desk/request.hpp"

namespace trunkline::portal::desk {

namespace {

constexpr std::string_view kWirePath = "/trunkline/events";
// A batch of 1 MiB grows by a third in JOSE. One from a lane that is set larger gets 413, which
// makes the host halve it. Whoever reaches the port can make the server hold this much per
// connection before anything is proven, so it stays a small part of what all may hold together.
constexpr std::uint64_t kBatchBytesMax = 8ULL << 20U;
constexpr std::uint64_t kJsonBytesMax = 512ULL
                                        << 10U;  // 65,536 code points and what goes with them

/// What no host would send is not read.
std::optional<net::Response> wire_refusal(const net::RequestHead& head) {
    if (head.method != "POST") {
        auto refused = net::problem(405, "method_not_allowed", "batches are posted");
        refused.headers.push_back({"Allow", "POST"});
        return refused;
    }
    for (const char* name : {"webhook-id", "webhook-timestamp", "webhook-signature"}) {
        if (head.header(name).empty())
            return net::problem(401, "unauthorized", "the request is not authentic");
    }
    return std::nullopt;
}

}  // namespace

net::BodyPlan body_plan(
    const net::RequestHead& head, const Origin& origin, std::uint64_t file_bytes_max
) {
    net::BodyPlan plan;
    if (head.path == kWirePath) {
        plan.bytes_max = kBatchBytesMax;
        plan.refuse = wire_refusal(head);
        return plan;
    }
    if (head.path == "/healthz") return plan;
    plan.refuse = origin.refusal(head);
    if (plan.refuse || !head.path.starts_with("/api/")) return plan;
    plan.streamed = head.path == "/api/files";
    plan.bytes_max = plan.streamed ? file_bytes_max : kJsonBytesMax;
    return plan;
}

net::BodyPlan Door::plan(const net::RequestHead& head) {
    return body_plan(head, origin_, file_bytes_max_);
}

async::Awaitable<net::Response> Door::handle(net::Request request) {
    net::Response response;
    if (request.head.path == kWirePath) {
        response = co_await receiver_.receive(request);
    } else if (request.head.path == "/healthz") {
        response = answer(200, boost::json::object{{"status", "ok"}});
    } else if (request.head.path.starts_with("/api/")) {
        auto path = segments(request.head.path);
        path.erase(path.begin());
        response = co_await api_.handle(request, std::move(path));
    } else {
        response = page(request.head);
    }
    co_return response;
}

}  // namespace trunkline::portal::desk
