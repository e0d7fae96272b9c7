#pragma once

#include <map>
#include <memory>
#include <mutex>
#include <string>

#include "host/connect/flow.hpp"

namespace trunkline::connect {

/// All flows of the host. Owner: Host. `[any]` unless said otherwise.
class Flows {
public:
    struct Rooms {
        const inbound::Ground& ground;
        store::Store& store;
        async::BlockingPool& pool;
        std::string public_url;  ///< without a trailing slash
        /// An account to connect in: the one that is there, or a draft that is only known to the
        /// messenger. Fails with the connector's words.
        std::function<async::Awaitable<Result<std::shared_ptr<accounts::Account>>>(Kept)> draft;
        /// Lets the account live that came of a flow, in place of its draft or of what it was.
        std::function<async::Awaitable<Result<void>>(accounts::Made)> open;
        /// Forgets a draft that no account came of.
        std::function<async::Awaitable<>(std::shared_ptr<accounts::Account>)> drop;
        std::function<std::string(const std::string& connector, const std::string& key)> owner_of;
        std::function<Result<void>(const accounts::Made& made)> check;  ///< see Flow::Services
        /// Has an account checked now: somebody may have taken its webhook.
        std::function<void(const std::string& account)> look_at_again;
    };
    explicit Flows(Rooms rooms) : rooms_{std::move(rooms)} {}

    /// Begins to connect `account` of `connector` for `portal`; `again`: it is there already.
    /// `conflict`: it is being connected.
    async::Awaitable<Result<std::shared_ptr<Flow>>> begin(Kept wanted);
    /// Goes on with what was under way when the host ended. Once, before anything is served.
    async::Awaitable<Result<void>> resume();

    std::shared_ptr<Flow> of(const std::string& account) const;  ///< also one that just ended
    std::shared_ptr<Flow> by_page(const std::string& secret) const;
    std::shared_ptr<Flow> by_sign_in(const std::string& state) const;
    /// The address of the page on which a person goes through it. Whoever has it may.
    std::string page_of(const Flow& flow) const;

    // Each runs on the flow's loop, then waits a moment for what comes next.
    async::Awaitable<Result<Stage>> answer(
        std::shared_ptr<Flow> flow,
        std::string step,
        std::string transaction,
        boost::json::object values
    );
    async::Awaitable<Result<Stage>> returned(std::shared_ptr<Flow> flow, boost::json::object query);
    async::Awaitable<Stage> cancel(std::shared_ptr<Flow> flow);
    async::Awaitable<Stage> settled(std::shared_ptr<Flow> flow);  ///< not "working" any more

private:
    async::Awaitable<Result<std::shared_ptr<Flow>>> start(Kept kept, bool fresh);
    async::Awaitable<> live(std::shared_ptr<Flow> flow);

    Rooms rooms_;
    mutable std::mutex mutex_;                            // guards flows_
    std::map<std::string, std::shared_ptr<Flow>> flows_;  ///< by account; the last one of each
};

}  // namespace trunkline::connect
