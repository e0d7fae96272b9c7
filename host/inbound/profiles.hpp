#pragma once

#include <atomic>
#include <deque>
#include <memory>
#include <string>
#include <unordered_map>
#include <vector>

#include "host/async/loops.hpp"
#include "host/inbound/inbound.hpp"

namespace trunkline::inbound {

/// Asks connectors for the profiles of customers who wrote, when their manifest says that this can
/// be done (`profile.every`); what is new of one becomes a `conversation` event. Behind messages:
/// after their commit, one at a time for each account, as its rate limits leave room, from a queue
/// that drops what does not fit; whoever writes again is met again. Owner: main. What it knows of
/// an account lives on the account's loop.
class Profiles {
public:
    struct Limits {
        std::size_t waiting_max = 256;      ///< customers of one account
        std::size_t remembered_max = 8192;  ///< of a loop, so that the store is not asked each time
        std::chrono::milliseconds after_failure{10 * 60'000};  ///< before one is asked for again
    };
    Profiles(
        async::Loops& loops, const Inbound& inbound, store::Store& store, async::BlockingPool& pool
    )
        : Profiles{loops, inbound, store, pool, Limits{}} {}
    Profiles(
        async::Loops& loops,
        const Inbound& inbound,
        store::Store& store,
        async::BlockingPool& pool,
        Limits limits
    );

    /// They wrote, and that is durable. Returns at once. On the account's loop.
    void met(std::shared_ptr<accounts::Account> account, std::vector<Met> customers);

    std::size_t at_work() const noexcept { return at_work_; }  ///< accounts. `[any]`

    struct Figures {
        std::uint64_t asked = 0;    ///< tasks
        std::uint64_t told = 0;     ///< events
        std::uint64_t failed = 0;   ///< tasks that did not answer
        std::uint64_t dropped = 0;  ///< because too many waited
    };
    Figures figures() const { return {asked_, told_, failed_, dropped_}; }  ///< `[any]`

private:
    struct OfLoop {
        // While at work, which keeps the account: another of the same name has a queue of its own.
        std::unordered_map<const accounts::Account*, std::deque<Met>> waiting;
        std::unordered_map<std::string, WallMs> not_before;  // by account and customer
    };
    struct Told {
        WallMs next_ms = 0;
        std::string digest;  // "" = nothing was told yet
    };
    OfLoop& of(const accounts::Account& account);
    async::Awaitable<> work(std::shared_ptr<accounts::Account> account);
    async::Awaitable<> ask_all(std::shared_ptr<accounts::Account> account);
    async::Awaitable<> wait_for_room(std::shared_ptr<accounts::Account> account);
    async::Awaitable<WallMs> ask(std::shared_ptr<accounts::Account> account, Met customer);
    async::Awaitable<Result<void>> keep(
        std::shared_ptr<accounts::Account> account, Met customer, Told before, std::string profile
    );
    Told told(const std::string& key) const;
    void make_room(OfLoop& here) const;
    void remember(const accounts::Account& account, const std::string& customer, WallMs until);

    async::Loops& loops_;
    const Inbound& inbound_;
    store::Store& store_;
    async::BlockingPool& pool_;
    const Limits limits_;
    std::vector<OfLoop> of_loops_;
    std::atomic<std::size_t> at_work_{0};
    std::atomic<std::uint64_t> asked_{0}, told_{0}, failed_{0}, dropped_{0};
};

}  // namespace trunkline::inbound
