#pragma once

#include <memory>
#include <string>

#include "host/accounts/directory.hpp"
#include "host/inbound/acceptance.hpp"
#include "host/net/server.hpp"
#include "host/store/store.hpp"

namespace trunkline::inbound {

/// The code of an account's health while nothing serves it.

/// Commits what a connector reports. Lives as long as its task; on the account's loop.
class EventSink final : public tasks::Sink {
public:
    EventSink(
        const Ground& ground,
        store::Store& store,
        accounts::Account& account,
        const Payload& input,
        Replay* replay = nullptr
    )
        : ground_{ground}, store_{store}, account_{account}, input_{input}, replay_{replay} {}

    /// Keeps the outcome's value as the account's poll cursor, in the same write as the items.
    void keep_cursor() { keep_cursor_ = true; }

    async::Awaitable<Result<void>> commit(tasks::Durable durable) override;

private:
    /// Asks the store about what `durable` speaks of: drops what is the echo of our own messages,
    /// finds out of what kind migrated conversations are.
    async::Awaitable<Result<Kinds>> look_up(tasks::Durable* durable);

    const Ground& ground_;
    store::Store& store_;
    accounts::Account& account_;
    const Payload& input_;  // owned by whoever runs the task
    Replay* replay_;
    bool keep_cursor_ = false;
};

/// Writes what was accepted, then offers what is fleeting; counts repeats.
async::Awaitable<Result<void>> write(
    store::Store& store, accounts::Account& account, Accepted accepted
);

/// The inbound path. Owner: main. `[any]`
class Inbound {
public:
    Inbound(
        Ground ground,
        accounts::Directory& directory,
        store::Store& store,
        async::BlockingPool& pool
    )
        : ground_{ground}, directory_{directory}, store_{store}, pool_{pool} {
        ground_.pool = &pool_;
    }

    /// One webhook, from request to answer.
    async::Awaitable<net::Response> webhook(
        std::shared_ptr<accounts::Account> account, net::Request request
    );

    /// Runs a quarantined payload again; what is understood now arrives as `edited` of its
    /// placeholder. `not_found`; otherwise the fault that keeps it in the quarantine.
    async::Awaitable<Result<void>> replay(std::string quarantine_id);

    const Ground& ground() const noexcept { return ground_; }

private:
    // On the account's loop.
    async::Awaitable<Result<void>> take_again(
        std::shared_ptr<accounts::Account> account,
        std::string quarantine_id,
        const Payload& payload
    );

    Ground ground_;
    accounts::Directory& directory_;
    store::Store& store_;
    async::BlockingPool& pool_;
};

}  // namespace trunkline::inbound
