#pragma once

#include <functional>
#include <memory>
#include <string>

#include <boost/json/object.hpp>

#include "host/accounts/account.hpp"
#include "host/async/await.hpp"
#include "host/base/result.hpp"

namespace trunkline::admin {

/// An account that is to be there, or to be otherwise. What is empty stays as it was.
struct AccountChange {
    std::string id, connector, portal, line;
    boost::json::object settings;  ///< over those that are there; null takes one away
    bool create = false;           ///< `conflict` when it is there already
};

/// How accounts are changed while the host runs. Each answers with what a person should know
/// beside that it was done, mostly nothing.
struct AccountChanges {
    using Outcome = async::Awaitable<Result<std::string>>;
    std::function<Outcome(AccountChange)> put;
    /// Undoes at the messenger what connecting did, forgets the secrets, keeps the conversations.
    std::function<Outcome(std::shared_ptr<accounts::Account>)> disconnect;
    /// The same, and the account is no more; its lane stays until it is empty.
    std::function<Outcome(std::shared_ptr<accounts::Account>)> remove;
};

}  // namespace trunkline::admin
