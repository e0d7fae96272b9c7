#include "host/inbound/visit.hpp"

#include <algorithm>

#include <spdlog/spdlog.h>

#include "host/async/spawn.hpp"
#include "host/inbound/absent.hpp"

namespace trunkline::inbound {

net::Response not_now(std::string_view why, std::chrono::milliseconds wait) {
    constexpr std::chrono::seconds kLeast{5};
    constexpr std::chrono::seconds kMost{3'600};
    const auto seconds = std::clamp(std::chrono::ceil<std::chrono::seconds>(wait), kLeast, kMost);
    net::Response response = net::problem(503, "unavailable", why);
    response.headers.push_back({"Retry-After", std::to_string(seconds.count())});
    return response;
}

Visit::Visit(
    const Ground& ground,
    store::Store& store,
    std::shared_ptr<accounts::Account> account,
    tasks::Start start
)
    : ground_{ground},
      store_{store},
      account_{std::move(account)},
      start_{std::move(start)},
      payload_{payload_of(start_)},
      events_{ground, store, *account_, payload_} {}

async::Awaitable<net::Response> Visit::answer_to_messenger() {
    if (!account_->strand) {
        auto response = co_await without_connector();
        co_return response;
    }
    auto work = [self = shared_from_this()] { return self->run(); };
    async::spawn(account_->loop.get_executor(), "webhook", std::move(work));
    co_await signal_.wait();
    co_return std::move(response_);
}

async::Awaitable<net::Response> Visit::without_connector() {
    auto response = co_await receive_for_absent(ground_, store_, account_, &payload_);
    co_return response;
}

async::Awaitable<Result<void>> Visit::commit(tasks::Durable durable) {
    return events_.commit(std::move(durable));
}

void Visit::answer(tasks::Answer given) {
    net::Response response;
    response.status = given.status;
    response.headers = std::move(given.headers);
    response.body = std::move(given.body);
    reply(std::move(response));
}

/// The first one counts: a task that was rebuilt may answer again.
void Visit::reply(net::Response response) {
    if (answered_) return;
    answered_ = true;
    response_ = std::move(response);
    signal_.notify();
}

async::Awaitable<> Visit::run() {
    // Whatever happens here, the messenger is not left waiting.
    struct Last {
        Visit& visit;
        ~Last() {
            if (!visit.answered_) visit.reply(not_now("the task was broken off"));
        }
    } last{*this};
    if (!account_->strand) {  // it went in this moment
        auto response = co_await without_connector();
        reply(std::move(response));
        co_return;
    }
    tasks::End end = co_await account_->strand->run(std::move(start_), *this);
    if (!answered_) {
        auto response = co_await conclude(std::move(end));
        reply(std::move(response));
    } else if (end.fault && end.fault->fault != Fault::cancelled) {
        // What it answered for is durable; nobody misses the rest.
        spdlog::warn(
            "inbound.failed_after_answer account={} reason={}",
            account_->id.text(),
            end.fault->context
        );
    }
}

/// What the messenger is told about a task that ended without an answer.
async::Awaitable<net::Response> Visit::conclude(tasks::End end) {
    if (end.outcome && end.outcome->kind == TL_RETRY)
        co_return not_now(end.outcome->code, end.outcome->delay);
    if (end.outcome && end.outcome->kind == TL_ACCOUNT_BROKEN) {
        Accepted accepted;
        append_health(
            ground_, *account_, accounts::broken(end.outcome->code, end.outcome->text), accepted
        );
        auto written = co_await write(store_, *account_, std::move(accepted));
        co_return written ? net::Response{} : not_now(to_string(written.error().fault));
    }
    if (!end.fault) co_return net::Response{};
    switch (end.fault->fault) {
        case Fault::forged:
            ++account_->figures.forged;
            co_return net::problem(403, "forged", "the request is not authentic");
        case Fault::cancelled:
            if (account_->absent) {
                auto response = co_await without_connector();
                co_return response;
            }
            [[fallthrough]];
        case Fault::storage:
        case Fault::throttled:
            co_return not_now(to_string(end.fault->fault), end.fault->pause);
        case Fault::unavailable:
            // A task that ran out of time may do better the next time, a connector that fails
            // again and again does not.
            if (end.fault->pause.count() > 0) co_return not_now(end.fault->context);
            break;
        case Fault::malformed:
        case Fault::unsupported:
        case Fault::unknown:
        case Fault::rejected:
        case Fault::account_broken:
        case Fault::not_found:
        case Fault::conflict:
            break;
    }
    auto response = co_await set_aside(std::move(end.fault->context));
    co_return response;
}

/// What cannot be read keeps its place and is kept whole; a refusal would block the messenger's
/// queue.
async::Awaitable<net::Response> Visit::set_aside(std::string reason) {
    Accepted accepted;
    quarantine_whole(ground_, *account_, payload_, reason, accepted);
    auto kept = co_await write(store_, *account_, std::move(accepted));
    if (!kept) co_return not_now(to_string(kept.error().fault), kept.error().pause);
    spdlog::warn("inbound.quarantined account={} reason={}", account_->id.text(), reason);
    co_return net::Response{};
}

}  // namespace trunkline::inbound
