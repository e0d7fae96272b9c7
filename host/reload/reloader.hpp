#pragma once

#include <atomic>
#include <chrono>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include <boost/json/object.hpp>

#include "host/async/blocking_pool.hpp"
#include "host/base/clock.hpp"
#include "host/plugins/generation.hpp"
#include "host/reload/book.hpp"
#include "host/reload/folder.hpp"
#include "host/reload/serving.hpp"
#include "host/reload/shadow.hpp"

namespace trunkline::reload {

struct Options {
    std::string directory;
    std::string kept;    ///< folder for the copies that are gone back to; made 0700
    std::string runner;  ///< the program trunkline-runner
    bool watch = false;
    bool pin = false;                   ///< an older version than has served is refused
    std::chrono::milliseconds soak{0};  ///< how long a new generation is watched; 0 = not at all
    const std::atomic<bool>* stopping =
        nullptr;  ///< the host ends: what is being tried is broken off
};

/// What a person may allow.
struct Wish {
    bool force = false;  ///< take over although the tasks of late come out differently
    bool older = false;  ///< take over although a higher version has served
};

/// What became of the latest attempt to replace a connector.
struct Attempt {
    WallMs at_ms = 0;
    std::string result;    ///< served, refused, taken_back
    std::string from, to;  ///< labels; "" = there was none
    std::string reason;
    std::size_t accounts = 0;
    std::uint64_t took_ms = 0, pause_us_median = 0, pause_us_max = 0;
};

/// A connector as its replacing knows it. A value.
struct Report {
    Attempt last;
    std::string previous;  ///< label of what can be gone back to; "" = nothing
    bool soaking = false;
    std::size_t zombies = 0;   ///< libraries that stayed mapped
    std::size_t draining = 0;  ///< former generations that still finish something
    std::map<std::string, std::uint64_t> attempts;  ///< by result
    std::optional<Comparison> comparison;           ///< of the last candidate with what served then
};

/// Replaces connectors while the host runs. Everything that changes happens on one control thread,
/// one thing at a time. Owner: main; the coroutines and `report` are `[any]`.
class Reloader {
public:
    struct Rooms {
        plugins::Catalogue& catalogue;
        Book& book;
        Serving& serving;
        const Clock& clock;
    };

    Reloader(Rooms rooms, Options options);
    ~Reloader();
    Reloader(const Reloader&) = delete;
    Reloader& operator=(const Reloader&) = delete;

    /// Loads what lies in the folder, as far as nobody has decided otherwise. Blocks; main, before
    /// anything serves.
    void load_all();

    void start();  ///< watching and soaking
    void stop();   ///< waits for what is under way. Afterwards nothing changes any more.

    /// Loads the deployed file of a connector again and lets it take over, disabled or not.
    async::Awaitable<Result<void>> reload(std::string connector, Wish wish);
    /// Lets the generation before this one take over again.
    async::Awaitable<Result<void>> roll_back(std::string connector);
    /// Takes a connector out of charge until it is reloaded, over restarts too.
    async::Awaitable<Result<void>> disable(std::string connector);

    /// The tasks that came lately, as lines of a file of cases, secrets disguised (see
    /// `recent_cases`); customers' words and names are in them. "" = none came.
    async::Awaitable<Result<std::string>> recent(std::string connector);

    Report report(const std::string& connector) const;
    std::map<std::string, Report> reports() const;

private:
    using Steady = std::chrono::steady_clock;
    struct Soak {
        Steady::time_point until;
        Totals former;  ///< of the former generation, all its life
        Totals begin;   ///< at the switch
    };
    struct Retired {
        std::string connector;
        std::shared_ptr<plugins::Generation> generation;
    };
    enum class How { deployed, asked, back };

    /// What is no version by its form is neither older nor newer than anything.
    static bool is_older(const std::string& one, const std::string& other);
    /// What the host may accept for a connector that is not there; empty = nothing.
    static boost::json::object recipe_of(const plugins::Generation& generation);

    // Control thread; `load_first` before there is one.
    void load_first(const std::string& file);
    void begin_with(plugins::Candidate candidate);
    Result<void> replace(const std::string& file, How how, Wish wish);
    Result<void> try_on_accounts(const plugins::Candidate& candidate);
    Result<void> compare_with(
        const plugins::Generation& present, const plugins::Candidate& candidate, Wish wish
    );
    Result<void> check_pin(const plugins::Candidate& candidate, Wish wish) const;
    void put_in_charge(std::shared_ptr<plugins::Generation> next, How how);
    void keep_copy(const plugins::Generation& former);
    void retire(std::string connector, std::shared_ptr<plugins::Generation> generation);
    void bury();
    void withdraw(const std::string& connector, const std::string& state, const std::string& why);
    void take(const Folder::Change& change);
    void go_back(const std::string& connector, const std::string& why);
    void tick();
    void note(const std::string& connector, Attempt attempt);
    std::string deployed(const std::string& connector) const;
    std::string kept(const std::string& connector) const;

    void watch();

    Rooms rooms_;
    Options options_;
    Folder folder_;

    // Control thread only.
    std::map<std::string, Soak> soaks_;
    std::map<std::string, Totals> since_;  ///< what a connector came to when its generation began
    std::vector<Retired> retired_;

    mutable std::mutex mutex_;  // guards reports_; held for copies
    std::map<std::string, Report> reports_;

    int wake_ = -1;  ///< an eventfd: stopping
    std::thread watcher_;
    async::BlockingPool control_{1};
};

}  // namespace trunkline::reload
