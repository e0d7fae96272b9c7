#include "host/isolation/children.hpp"

namespace trunkline::isolation {
namespace {

Children::Options completed(Children::Options options) {
    if (options.runner.empty()) options.runner = runner_beside_this_program();
    return options;
}

}  // namespace

Children::Children(Options options) : options_{completed(std::move(options))} {}

std::shared_ptr<Keeper> Children::keeper(
    std::shared_ptr<plugins::Generation> generation, Keeper::Services services
) {
    const std::lock_guard lock{mutex_};
    std::erase_if(keepers_, [](const auto& entry) { return entry.second.generation.expired(); });
    auto& known = keepers_[{generation.get(), services.loop_index}];
    if (auto present = known.keeper.lock()) return present;
    if (!known.history) known.history = std::make_shared<History>();
    known.generation = generation;
    const std::string& connector = generation->manifest().id.text();
    auto& tally = tallies_[connector];
    if (!tally) tally = std::make_shared<Tally>();
    const auto limits = options_.limits.find(connector);
    auto keeper = std::make_shared<Keeper>(
        std::move(generation),
        options_.runner,
        limits == options_.limits.end() ? Limits{} : limits->second,
        tally,
        known.shown = std::make_shared<Shown>(),
        known.history,
        services
    );
    keeper->begin();
    // Its own coroutine holds it too; what ends it is that nobody else does. Let go of by hand: a
    // deleter lives as long as anybody remembers the pointer.
    std::shared_ptr<Keeper> lent{keeper.get(), [keeper](Keeper*) mutable {
                                     keeper->retire();
                                     keeper.reset();
                                 }};
    known.keeper = lent;
    return lent;
}

std::vector<ChildStatus> Children::list() const {
    const std::lock_guard lock{mutex_};
    std::vector<ChildStatus> rows;
    for (const auto& [key, known] : keepers_) {
        if (!known.keeper.expired()) rows.push_back(known.shown->read());
    }
    return rows;
}

std::map<std::string, Children::Totals> Children::totals() const {
    std::map<std::string, Totals> out;
    {
        const std::lock_guard lock{mutex_};
        for (const auto& [connector, tally] : tallies_) {
            out[connector] = {
                tally->starts.load(),
                tally->deaths.load(),
                tally->hangs.load(),
                tally->refused.load(),
                0};
        }
    }
    for (const ChildStatus& child : list())
        out[child.connector].down += child.state == "down" ? 1U : 0U;
    return out;
}

}  // namespace trunkline::isolation
