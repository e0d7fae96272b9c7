#pragma once

#include <memory>
#include <vector>

#include "host/inbound/inbound.hpp"
#include "host/media/copier.hpp"

namespace trunkline::inbound {

/// Tells a portal, by a notice in its conversation, that a file of an earlier message will not be
/// had any more; erases `with` in the same write. On the account's loop.
async::Awaitable<Result<void>> tell_lost(
    const Ground& ground,
    store::Store& store,
    std::shared_ptr<accounts::Account> account,
    media::Lost lost,
    std::vector<store::Erase> with
);

}  // namespace trunkline::inbound
