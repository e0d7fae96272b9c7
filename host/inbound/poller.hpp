#pragma once

#include <memory>

#include "host/inbound/inbound.hpp"

namespace trunkline::inbound {

/// Asks a messenger again and again on behalf of one account, never twice at once; the cursor is
/// written together with the items it stands for. Ends when `*stopping` is set and the open task is
/// cancelled. On the account's loop.
async::Awaitable<> poll(
    const Inbound& inbound,
    store::Store& store,
    async::BlockingPool& pool,
    std::shared_ptr<accounts::Account> account,
    std::shared_ptr<std::atomic<bool>> stopping
);

/// The health check a connector wants at start and every `check_every`: sets up the webhook, sees a
/// dead token.
async::Awaitable<Result<void>> check(
    const Inbound& inbound, store::Store& store, std::shared_ptr<accounts::Account> account
);

}  // namespace trunkline::inbound
