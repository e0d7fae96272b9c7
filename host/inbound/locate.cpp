#include "host/inbound/locate.hpp"

#include <spdlog/spdlog.h>

namespace trunkline::inbound {
namespace {

async::Awaitable<> tell_broken(
    const Inbound& inbound,
    store::Store& store,
    accounts::Account& account,
    const tasks::Outcome& outcome
) {
    spdlog::error("account.broken account={} code={}", account.id.text(), outcome.code);
    Accepted accepted;
    append_health(
        inbound.ground(), account, {"broken", outcome.code, outcome.text, 0, 0}, accepted
    );
    auto written = co_await write(store, account, std::move(accepted));
    if (!written)
        spdlog::warn(
            "account.notice_lost account={} reason={}", account.id.text(), written.error().context
        );
}

}  // namespace

async::Awaitable<Result<tasks::Source>> locate(
    const Inbound& inbound,
    store::Store& store,
    std::shared_ptr<accounts::Account> account,
    std::string ref
) {
    if (!account->strand) co_return Error{Fault::unavailable, "the connector is not there"};
    const Payload nothing;
    EventSink sink{inbound.ground(), store, *account, nothing};
    tasks::Start start;
    start.kind = TL_IN_FILE;
    start.key = std::move(ref);
    tasks::End end = co_await account->strand->run(std::move(start), sink);
    if (end.fault) co_return *end.fault;
    if (end.outcome && end.outcome->kind == TL_ACCOUNT_BROKEN) {
        co_await tell_broken(inbound, store, *account, *end.outcome);
        co_return Error{Fault::account_broken, end.outcome->code};
    }
    if (end.source) co_return *std::move(end.source);
    if (end.outcome && end.outcome->kind == TL_RETRY)
        co_return Error{Fault::unavailable, end.outcome->code, end.outcome->delay};
    const std::string text = end.outcome ? end.outcome->text : "";
    co_return Error{Fault::rejected, text.empty() ? "the messenger no longer has it" : text};
}

}  // namespace trunkline::inbound
