#include "host/inbound/locate.hpp"

#include "host/inbound/tell_health.hpp"

namespace trunkline::inbound {

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
        accounts::Health health = accounts::broken(end.outcome->code, end.outcome->text);
        co_await tell_health(inbound.ground(), store, *account, std::move(health));
        co_return Error{Fault::account_broken, end.outcome->code};
    }
    if (end.source) co_return *std::move(end.source);
    if (end.outcome && end.outcome->kind == TL_RETRY)
        co_return Error{Fault::unavailable, end.outcome->code, end.outcome->delay};
    const std::string text = end.outcome ? end.outcome->text : "";
    co_return Error{Fault::rejected, text.empty() ? "the messenger no longer has it" : text};
}

}  // namespace trunkline::inbound
