#pragma once

/// Unit tests of a connector without a network, an account or a running host:
///
///     TestHost host{*tl_connector_entry(TL_ABI_MAJOR, TL_ABI_MINOR), {.settings = R"({...})"}};
///     host.feed(Input::command(1, "chat", R"({"id":"c1","type":"send",...})"));
///     EXPECT_EQ(host.latest("http").string("url"), "https://...");
///     host.feed(Input::reply(1, 1, 200, R"({"id":"77"})"));
///     EXPECT_EQ(host.latest("outcome").string("value"), R"(["77"])");
///     EXPECT_THAT(host.faults(), IsEmpty());
///
/// Nothing here throws on a connector's fault; everything is for one thread.

#include <cstddef>
#include <optional>
#include <random>
#include <string>
#include <utility>
#include <vector>

#include <trunkline/testing/cases.hpp>
#include <trunkline/testing/golden.hpp>
#include <trunkline/testing/host.hpp>
#include <trunkline/testing/input.hpp>
#include <trunkline/testing/recorder.hpp>

namespace trunkline::inline face::testing {

/// What a run came to: the canonical transcript, and breaches of the contract.
struct RunResult {
    std::vector<std::string> transcript, faults;
};

/// Feeds all inputs in batches of `batch`; before the input with index `reload_before` the instance
/// is ended, made anew and its open tasks are fed again.
inline RunResult run_inputs(
    const tl_plugin& plugin,
    const Account& account,
    const std::vector<Input>& inputs,
    std::size_t batch = 1,
    std::optional<std::size_t> reload_before = std::nullopt
) {
    TestHost host{plugin, account};
    if (host.created() != TL_OK) return {{}, {"create: " + std::to_string(host.created())}};
    for (std::size_t i = 0; i < inputs.size();) {
        if (reload_before == i) host.reload();
        const std::size_t end = std::min(inputs.size(), i + batch);
        host.feed(
            {inputs.begin() + static_cast<std::ptrdiff_t>(i),
             inputs.begin() + static_cast<std::ptrdiff_t>(end)}
        );
        i = end;
    }
    if (reload_before == inputs.size()) host.reload();
    return {host.transcript(), host.faults()};
}

/// The test of journal and re-feed: for every input index, destroy, recreate, feed again, go on.
/// Returns what differed from a run without interruption; a test expects nothing.
inline std::vector<std::string> refeed_everywhere(
    const tl_plugin& plugin, const Account& account, const std::vector<Input>& inputs
) {
    const RunResult straight = run_inputs(plugin, account, inputs);
    std::vector<std::string> differences = straight.faults;
    for (std::size_t i = 0; i <= inputs.size(); ++i) {
        const RunResult run = run_inputs(plugin, account, inputs, 1, i);
        for (const std::string& fault : run.faults) {
            differences.push_back("reload before input " + std::to_string(i) + ": " + fault);
        }
        if (run.transcript != straight.transcript) {
            differences.push_back(
                "reload before input " + std::to_string(i) + " changed the effects"
            );
        }
    }
    return differences;
}

/// One sequence out of several, in an order drawn from `seed` that keeps each of them in its own.
/// The tasks of the sequences must have different ids.
inline std::vector<Input> interleaved(std::vector<std::vector<Input>> sequences, unsigned seed) {
    std::mt19937 random{seed};
    std::vector<std::size_t> turns;
    for (std::size_t i = 0; i < sequences.size(); ++i) {
        turns.insert(turns.end(), sequences[i].size(), i);
    }
    std::ranges::shuffle(turns, random);
    std::vector<std::size_t> next(sequences.size(), 0);
    std::vector<Input> merged;
    for (const std::size_t turn : turns)
        merged.push_back(std::move(sequences[turn][next[turn]++]));
    return merged;
}

}  // namespace trunkline::inline face::testing
