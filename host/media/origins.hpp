#pragma once

#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <unordered_map>

#include "host/accounts/directory.hpp"
#include "host/net/clients.hpp"
#include "host/tasks/strand.hpp"

namespace trunkline::media {

/// Where messengers have their files: asks the connector, remembers what it said as long as that
/// holds, and opens the file there. Owner: main. `[any]`
class Origins {
public:
    /// Asks an account's connector where the bytes of a reference are; on the account's loop.
    using Locate = std::function<async::Awaitable<Result<tasks::Source>>(
        std::shared_ptr<accounts::Account> account, std::string ref
    )>;
    Origins(net::Clients& clients, const Clock& clock, Locate locate)
        : clients_{clients}, clock_{clock}, locate_{std::move(locate)} {}

    /// The messenger's answer, its body still to be read: at most one byte more than the portal
    /// takes. `range`: a Range header, or "". `rejected`, `not_found`: the messenger no longer has
    /// it; `account_broken`; `unavailable`: it may be had later, `pause` says when if the messenger
    /// did. Any loop's.
    async::Awaitable<Result<net::StreamedReply>> fetch(
        std::shared_ptr<accounts::Account> account, std::string ref, std::string range
    );

private:
    async::Awaitable<Result<tasks::Source>> find(
        std::shared_ptr<accounts::Account> account, std::string ref, bool* remembered
    );
    void forget(const accounts::Account& account, const std::string& ref);

    net::Clients& clients_;
    const Clock& clock_;
    const Locate locate_;
    std::mutex mutex_;  // guards sources_; held for look-ups
    std::unordered_map<std::string, tasks::Source>
        sources_;  // by account and reference, so that a player's many ranges ask the messenger
                   // once
};

/// How large the whole file is, of which the answer may be a part (RFC 9110 section 14.4); none
/// when it does not say.
std::optional<std::uint64_t> whole_size(const net::StreamedReply& reply);

}  // namespace trunkline::media
