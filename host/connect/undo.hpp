#pragma once

#include <string>

#include "host/accounts/account.hpp"
#include "host/store/store.hpp"

namespace trunkline::connect {

/// Undoes at the messenger what connecting did there (TL_IN_DISCONNECT), for at most twenty
/// seconds. "" when that is done or there is nothing to do, else why it was not, for a person. On
/// the account's loop.
async::Awaitable<std::string> undo(accounts::Account& account, store::Store& store);

}  // namespace trunkline::connect
