#pragma once

#include <memory>
#include <optional>
#include <string>

#include "host/inbound/inbound.hpp"

/// Receiving for a connector that is not there: by the acceptance recipe of its manifest.
namespace trunkline::inbound {

/// Why such a payload lies in the quarantine, as its row has it.
inline constexpr const char* kKeptWhileAbsent = "the connector is not there";

/// Whether `payload` is authentic by the account's recipe. None: the recipe cannot tell, or there
/// is none. Secrets are compared in constant time. On the account's loop.
std::optional<bool> vouches(const accounts::Account& account, const Payload& payload);

/// Keeps an authentic payload whole, with its placeholder in the order, and answers as the recipe
/// says; it is read when the connector is back. 403 for a forgery; 503 when nobody can vouch for
/// it, it cannot be made durable, or too much is kept already. On the account's loop.
async::Awaitable<net::Response> receive_for_absent(
    const Ground& ground,
    store::Store& store,
    std::shared_ptr<accounts::Account> account,
    const Payload* payload
);

}  // namespace trunkline::inbound
