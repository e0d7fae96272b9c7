#include "portal/wire/receiver.hpp"

#include <boost/json/serialize.hpp>
#include <spdlog/spdlog.h>

namespace trunkline::portal::wire {

Receiver::Receiver(
    ReceiverOptions options,
    seal::Opener opener,
    store::Store& store,
    const Clock& clock,
    Arrivals& arrivals
)
    : options_{std::move(options)},
      opener_{std::move(opener)},
      store_{store},
      clock_{clock},
      arrivals_{arrivals} {}

Result<Batch> Receiver::open(const net::Request& request) {
    const seal::Incoming incoming{
        .id = request.head.header("webhook-id"),
        .timestamp = request.head.header("webhook-timestamp"),
        .signature = request.head.header("webhook-signature"),
        .content_type = request.head.header("content-type"),
        .body = request.body,
    };
    auto opened = opener_.open(incoming, options_.require_encryption, clock_.wall_ms());
    if (!opened) return opened.error();
    if (!opened->content_type.starts_with("application/json")) {
        return Error{Fault::unsupported, "content type " + opened->content_type};
    }
    auto batch = parse_batch(opened->plain);
    if (batch && batch->portal != options_.portal)
        return Error{Fault::malformed, "the batch is for another portal"};
    return batch;
}

net::Response Receiver::refused(const Error& error) const {
    spdlog::warn("wire.refused fault={} reason={}", to_string(error.fault), error.context);
    switch (error.fault) {
        case Fault::forged:
            // Nothing says what was wrong: the log knows.
            return net::problem(401, "unauthorized", "the request is not authentic");
        case Fault::unsupported:
            return net::problem(415, "unsupported", error.context);
        case Fault::malformed:
            return net::problem(400, "malformed", error.context);
        default:
            return net::problem(503, "unavailable", "the store cannot keep it now");
    }
}

async::Awaitable<net::Response> Receiver::receive(net::Request& request) {
    auto batch = open(request);
    if (!batch) co_return refused(batch.error());

    const auto lane = batch->content.lane;
    const auto kind = options_.best_effort_lanes.contains(lane) ? store::LaneKind::best_effort
                                                                : store::LaneKind::guaranteed;
    const auto now = clock_.wall_ms();
    const bool opening = batch->content.events.empty();
    const auto backlog = std::move(batch->backlog);
    auto work = [content = std::move(batch->content), kind, now](store::Database& database) {
        return store::keep_batch(database, content, kind, now);
    };
    auto kept = co_await store_.write(std::move(work));
    if (!kept) co_return refused(kept.error());
    if (kept->stale_epoch) {
        spdlog::warn("wire.stale_epoch lane={}", lane);
        co_return net::problem(409, "stale_epoch", "the lane has a later incarnation");
    }
    arrivals_.changed();
    for (const auto& typing : kept->passing)
        arrivals_.passing(typing);
    arrivals_.backlog(lane, backlog);
    // A repeat says that an answer was lost on its way to the host.
    spdlog::log(
        kept->repeats > 0 ? spdlog::level::info : spdlog::level::debug,
        "wire.kept lane={} through={} stored={} repeats={}",
        lane,
        kept->through,
        kept->stored,
        kept->repeats
    );

    net::Response response;
    response.headers.push_back({"Content-Type", "application/json"});
    boost::json::object answer;
    if (!opening) answer["accepted_through"] = kept->through;
    response.body = boost::json::serialize(answer);
    co_return response;
}

}  // namespace trunkline::portal::wire
