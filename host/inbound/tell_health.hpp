#pragma once

#include "host/inbound/acceptance.hpp"

namespace trunkline::inbound {

/// Writes down how an account is and tells its portal; nothing when that is no news. What cannot be
/// written is logged, and is news again the next time. On the account's loop.
async::Awaitable<Result<void>> tell_health(
    const Ground& ground, store::Store& store, accounts::Account& account, accounts::Health health
);

}  // namespace trunkline::inbound
