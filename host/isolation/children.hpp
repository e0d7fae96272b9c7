#pragma once

#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <utility>
#include <vector>

#include "host/isolation/keeper.hpp"

namespace trunkline::isolation {

/// All children of the host. Owner: main; outlives every strand. `[any]`
class Children {
public:
    struct Options {
        std::string runner;                    ///< the program; "" = beside this one
        std::map<std::string, Limits> limits;  ///< by connector; others have the defaults
    };
    explicit Children(Options options);
    Children(const Children&) = delete;
    Children& operator=(const Children&) = delete;

    /// The keeper of the child for this generation on this loop, started when it is the first time.
    /// It lives as long as anybody holds it. On that loop.
    std::shared_ptr<Keeper> keeper(
        std::shared_ptr<plugins::Generation> generation, Keeper::Services services
    );

    std::vector<ChildStatus> list() const;

    struct Totals {
        std::uint64_t starts = 0, deaths = 0, hangs = 0, refused = 0;
        std::size_t down = 0;  ///< children whose circuit is open now
    };
    /// By connector, since the start of the host.
    std::map<std::string, Totals> totals() const;

private:
    const Options options_;
    mutable std::mutex mutex_;
    struct Known {
        std::weak_ptr<Keeper> keeper;  ///< only asked on its own loop
        std::shared_ptr<Shown> shown;
        std::shared_ptr<History> history;
        std::weak_ptr<plugins::Generation> generation;
    };
    std::map<std::pair<const plugins::Generation*, std::size_t>, Known> keepers_;
    std::map<std::string, std::shared_ptr<Tally>> tallies_;
};

}  // namespace trunkline::isolation
