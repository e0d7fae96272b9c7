#pragma once

#include <string>
#include <vector>

#include "host/accounts/account.hpp"
#include "host/inbound/acceptance.hpp"
#include "host/universal/universal.pb.h"

namespace trunkline::outbound {

/// How a command fared, as its portal is told.
struct Status {
    std::string state;                  ///< sent, failed, unknown, delayed
    std::vector<std::string> messages;  ///< the messenger's ids of what was sent
    std::vector<universal::Change> changes;
    std::string code, text;        ///< of a failure
    WallMs until_ms = 0;           ///< delayed
    std::string kind;              ///< of the conversation; "" = not known
    store::Sequence sequence = 0;  ///< of the command's record: another one after a requeue
};

/// Appends the status event to `out`, of each state once for each turn in the lane; for one that
/// sent something also the rows that find the command by the messenger's ids.
void append_status(
    const inbound::Ground& ground,
    accounts::Account& account,
    const universal::Command& command,
    const Status& status,
    inbound::Accepted& out
);

}  // namespace trunkline::outbound
