#include "portal/desk/door.hpp"

#include <boost/json/object.hpp>

#include "portal/desk/pages.hpp"
#include "portal/desk/request.hpp"

namespace trunkline::portal::desk {

namespace {

constexpr std::string_view kWirePath = "/trunkline/events";
constexpr std::uint64_t kBatchBytesMax =
    32ULL << 20U;  // a batch of 1 MiB grows by a third in JOSE; lanes may be set larger
constexpr std::uint64_t kJsonBytesMax = 256ULL << 10U;

}  // namespace

net::BodyPlan Door::plan(const net::RequestHead& head) {
    net::BodyPlan plan;
    if (head.path == kWirePath) {
        plan.bytes_max = kBatchBytesMax;
        if (head.method != "POST") {
            plan.refuse = net::problem(405, "method", "Batches are posted.");
            plan.refuse->headers.push_back({"Allow", "POST"});
        }
        return plan;
    }
    if (head.path == "/healthz") return plan;
    plan.refuse = origin_.refusal(head);
    if (plan.refuse) return plan;
    if (!head.path.starts_with("/api/")) return plan;
    if (head.path == "/api/files") {
        plan.bytes_max = file_bytes_max_;
        plan.streamed = true;
    } else {
        plan.bytes_max = kJsonBytesMax;
    }
    return plan;
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
