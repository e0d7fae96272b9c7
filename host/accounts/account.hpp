#pragma once

#include <atomic>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <unordered_map>

#include <boost/json/object.hpp>

#include "host/accounts/health.hpp"
#include "host/accounts/portal.hpp"
#include "host/async/loops.hpp"
#include "host/base/id.hpp"
#include "host/config/config.hpp"
#include "host/plugins/generation.hpp"
#include "host/quotas/ledger.hpp"
#include "host/store/store.hpp"
#include "host/tasks/strand.hpp"
#include "host/universal/features.hpp"

namespace trunkline::accounts {

/// Counted since the start. `[any]`
struct AccountFigures {
    std::atomic<std::uint64_t> received{0}, repeats{0}, forged{0}, quarantined{0}, refused{0},
        sent{0}, failed{0}, unknown{0};
};

/// One connected bot, page or community while the host runs. What is not const lives on `loop`,
/// except `health`.
class Account {
public:
    Account(const config::Account& from, std::shared_ptr<Portal> portal_, async::Loop& loop_)
        : id{from.id},
          connector{from.connector},
          line{from.line},
          settings(from.settings),
          place{from.place},
          portal{std::move(portal_)},
          loop{loop_} {}

    const AccountId id;
    const ConnectorId connector;
    const std::string line;
    const boost::json::object settings;  ///< may hold secrets: never shown, never logged
    const config::Place place;
    const std::shared_ptr<Portal> portal;
    async::Loop& loop;

    std::unique_ptr<tasks::Strand>
        strand;  ///< null while the connector is absent or refused the account
    /// Of what the account does on its own; true ends that. Another one after each coming back.
    std::shared_ptr<std::atomic<bool>> leaving = std::make_shared<std::atomic<bool>>(false);
    std::string title, url;      ///< of it at its messenger, for people; set before it is shown
    bool absent = false;         ///< its connector was taken away while it ran
    bool draft = false;          ///< being connected: its settings are not complete yet
    bool disconnected = false;   ///< by somebody who wanted that; nothing serves it
    boost::json::object accept;  ///< how to receive without it; empty = not at all
    struct {
        std::uint64_t payloads = 0, bytes = 0;
    } kept_while_absent;     ///< since the connector went
    store::LaneId lane = 0;  ///< of its commands
    universal::Features features;
    std::shared_ptr<quotas::Ledger>
        ledger;  ///< what it may call; null before its connector was there for the first time
    WallMs redelivery_window_ms = 48LL * 3600 * 1000;
    std::atomic<bool> polls{false};  ///< also read by the admin side
    std::chrono::milliseconds poll_every{
        1'000};  ///< between polls, unless the connector says otherwise each time
    std::optional<std::chrono::milliseconds>
        check_every;  ///< as the connector asks; none = at start only

    /// Files that die at the messenger within this time are copied at once, as the connector asks.
    std::chrono::milliseconds copy_before{0};
    std::optional<std::chrono::milliseconds>
        profile_every;  ///< how often a customer's profile may be asked for; none = not at all

    /// After a migration: the messenger's present conversation id -> the id the portal has always
    /// known.
    std::unordered_map<std::string, std::string> known_as;

    /// Lets what waits for the account go on; a pause that a person asked for stays. Awaited before
    /// the account is called ready. Set by main, before anything is served.
    std::function<async::Awaitable<>()> recovered;

    AccountFigures figures;
    const std::shared_ptr<quotas::Figures> waits =
        std::make_shared<quotas::Figures>();  ///< `[any]`

    Health health() const {
        const std::lock_guard lock{mutex_};
        return health_;
    }
    /// A wait that the messenger asked for has passed. Copies nothing.
    bool wait_is_over(WallMs now_ms) const {
        const std::lock_guard lock{mutex_};
        return health_.state == State::rate_limited && health_.until_ms > 0 &&
               health_.until_ms <= now_ms;
    }
    /// What its messenger calls it; "" = not told yet.
    std::string key() const {
        const std::lock_guard lock{mutex_};
        return key_;
    }
    void set_key(std::string key) {
        const std::lock_guard lock{mutex_};
        key_ = std::move(key);
    }
    /// False when it says nothing new.
    bool set_health(Health health) {
        const std::lock_guard lock{mutex_};
        if (health_.same_as(health)) return false;
        health_ = std::move(health);
        return true;
    }

private:
    mutable std::mutex mutex_;  // guards health_ and key_; held for copies
    Health health_;
    std::string key_;
};

}  // namespace trunkline::accounts
