#include "host/inbound/tell_health.hpp"

#include <spdlog/spdlog.h>

namespace trunkline::inbound {

async::Awaitable<Result<void>> tell_health(
    const Ground& ground, store::Store& store, accounts::Account& account, accounts::Health health
) {
    if (stands_still(health.state))
        spdlog::error("account.broken account={} code={}", account.id.text(), health.code);
    Accepted accepted;
    append_health(ground, account, std::move(health), accepted);
    auto written = co_await write(store, account, std::move(accepted));
    if (!written)
        spdlog::warn(
            "account.notice_lost account={} reason={}", account.id.text(), written.error().context
        );
    co_return written;
}

}  // namespace trunkline::inbound
