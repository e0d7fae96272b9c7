#pragma once

#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "host/accounts/directory.hpp"
#include "host/async/blocking_pool.hpp"
#include "host/async/loops.hpp"
#include "host/inbound/inbound.hpp"
#include "host/reload/serving.hpp"

namespace trunkline {

/// The accounts of this host, for who replaces their connectors. Owner: Host.
class ConnectorServing final : public reload::Serving {
public:
    struct Rooms {
        async::Loops& loops;
        accounts::Directory& directory;
        async::BlockingPool& pool;
        store::Store& store;
        inbound::Inbound& inbound;
        std::function<reload::ServedAccount(const accounts::Account&)> describe;
        /// An account's instance in a generation; on its loop. Fails with the connector's words.
        std::function<async::Awaitable<
            Result<void>>(std::shared_ptr<accounts::Account>, std::shared_ptr<plugins::Generation>)>
            make;
        /// What else follows from a generation's manifest; on its loop.
        std::function<Result<void>(accounts::Account&, const plugins::Generation&)> adopt;
        /// Lets an account that has its instance live; on its loop.
        std::function<void(std::shared_ptr<accounts::Account>)> begin;
    };

    explicit ConnectorServing(Rooms rooms) : rooms_{std::move(rooms)} {}

    /// Where a connector's tasks on one loop are kept. `[any]`; what it returns lives as long as
    /// this.
    tasks::Recent* recent_of(const ConnectorId& connector, std::size_t loop);

    std::vector<reload::ServedAccount> accounts(const ConnectorId& connector) override;
    std::vector<tasks::KeptTask> recent(const ConnectorId& connector) override;
    reload::Totals totals(const ConnectorId& connector) override;
    reload::Switched go_over(
        std::shared_ptr<plugins::Generation> next, std::shared_ptr<plugins::Generation> former
    ) override;
    void leave(const ConnectorId& connector, const std::string& reason) override;
    void replay(const ConnectorId& connector, Kept which) override;

private:
    using Account = std::shared_ptr<accounts::Account>;
    using Work = std::function<async::Awaitable<>(std::size_t loop, std::vector<Account>)>;

    /// Runs `work` on every loop at once, with the connector's accounts there, and waits for all.
    void on_every_loop(const ConnectorId& connector, const Work& work);
    async::Awaitable<> replay_all(std::string connector, Kept which);

    Rooms rooms_;
    std::mutex mutex_;  // guards recent_ and replaying_
    std::map<std::string, std::vector<std::unique_ptr<tasks::Recent>>> recent_;
    std::map<std::string, std::optional<Kept>> replaying_;  ///< what was asked for meanwhile
};

}  // namespace trunkline
