#pragma once

#include <memory>
#include <string>

#include "host/inbound/inbound.hpp"

namespace trunkline::inbound {

/// Asks the connector where the bytes of a file are. What it learned on the way (a fresh token, the
/// account's health) is written as of any other task. `not_found` and `rejected`: the messenger no
/// longer has it; `account_broken`; otherwise it may be had later. On the account's loop.
async::Awaitable<Result<tasks::Source>> locate(
    const Inbound& inbound,
    store::Store& store,
    std::shared_ptr<accounts::Account> account,
    std::string ref
);

}  // namespace trunkline::inbound
