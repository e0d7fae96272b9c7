#pragma once

#include <string>
#include <vector>

#include "host/accounts/account.hpp"
#include "host/base/result.hpp"
#include "host/store/store.hpp"

namespace trunkline::inbound {

/// What the store is asked before something is accepted: whether a message was sent by us, or, with
/// no message, of what kind a conversation is.
struct Question {
    std::string conversation;  ///< as the portal knows it
    std::string message;       ///< the messenger's id of an echoed message
    std::size_t item = 0;      ///< its place among the items
    std::string kind;          ///< the answer; "" = not known
    bool ours = false;         ///< the answer
};

/// The portal's id of a conversation that the messenger calls `id`. On the account's loop.
std::string original_id(const accounts::Account& account, const std::string& id);

/// One for each message that is flagged as an echo, in their order. On the account's loop.
std::vector<Question> questions_about(
    const accounts::Account& account, const tasks::Durable& durable
);

/// Fills in the answers. Blocks. `[any]`
Result<void> find_answers(
    store::Store& store, const accounts::Account& account, std::vector<Question>& questions
);

}  // namespace trunkline::inbound
