#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <trunkline/testing.hpp>

namespace {

using namespace trunkline::testing;
using testing::IsEmpty;

const tl_plugin& plugin() {
    return *tl_connector_entry(TL_ABI_MAJOR, TL_ABI_MINOR);
}

const std::vector<Golden>& cases() {
    static const std::vector<Golden> kCases = load_goldens(TORTURE_TESTDATA);
    return kCases;
}

class TortureCase : public testing::TestWithParam<Golden> {};

TEST_P(TortureCase, AsksForWhatTheGoldenFileSays) {
    const Golden& golden = GetParam();
    const auto run = run_inputs(plugin(), golden.account, golden.inputs);
    EXPECT_THAT(run.faults, IsEmpty());
    if (update_golden(golden, run.transcript)) GTEST_SKIP() << "out.jsonl written";
    EXPECT_EQ(run.transcript, golden.expected);
}

TEST_P(TortureCase, IsTheSameInBatches) {
    const Golden& golden = GetParam();
    const auto single = run_inputs(plugin(), golden.account, golden.inputs);
    for (const std::size_t batch : {2U, 7U, 64U}) {
        const auto run = run_inputs(plugin(), golden.account, golden.inputs, batch);
        EXPECT_EQ(run.transcript, single.transcript) << "in batches of " << batch;
        EXPECT_THAT(run.faults, IsEmpty());
    }
}

TEST_P(TortureCase, IsRebuiltBeforeEveryInput) {
    const Golden& golden = GetParam();
    EXPECT_THAT(refeed_everywhere(plugin(), golden.account, golden.inputs), IsEmpty());
}

TEST_P(TortureCase, EndsCleanlyWhereverTheHostRefuses) {
    const Golden& golden = GetParam();
    const std::size_t effects = [&] {
        TestHost host{plugin(), golden.account};
        host.feed(golden.inputs);
        return host.effects().size();
    }();
    ASSERT_GT(effects, 0U);
    for (std::size_t i = 0; i < effects; ++i) {
        TestHost host{plugin(), golden.account};
        host.refuse_effect(i);
        std::vector<tl_status> statuses;
        for (const Input& input : golden.inputs)
            statuses.push_back(host.feed(input));
        EXPECT_THAT(statuses, testing::Contains(TL_E_LIMIT)) << "effect " << i;
        EXPECT_THAT(host.faults(), IsEmpty()) << "effect " << i;
    }
}

INSTANTIATE_TEST_SUITE_P(Golden, TortureCase, testing::ValuesIn(cases()), [](const auto& each) {
    return each.param.name();
});

/// The effects of one task, without their place among the others'.
std::vector<std::string> of_task(const TestHost& host, std::uint64_t task) {
    std::vector<std::string> lines;
    for (Effect effect : host.effects()) {
        if (effect.task != task) continue;
        effect.input = 0;
        lines.push_back(effect.text());
    }
    return lines;
}

TEST(Torture, TasksDoNotDisturbEachOtherInAnyOrder) {
    // Every account-level case, its tasks renumbered, all at once.
    std::vector<std::vector<Input>> sequences;
    std::uint64_t base = 0;
    for (const Golden& golden : cases()) {
        if (golden.account.scope != TL_ACCOUNT) continue;
        base += 1'000;
        sequences.push_back(golden.inputs);
        for (Input& input : sequences.back()) {
            input.task += base;
            input.at_ms = 1'700'000'000'000;
        }
    }
    const Account account = cases().back().account;
    std::vector<Input> in_turn;
    for (const auto& sequence : sequences)
        in_turn.insert(in_turn.end(), sequence.begin(), sequence.end());
    TestHost straight{plugin(), account};
    straight.feed(in_turn);

    for (unsigned seed = 1; seed <= 25; ++seed) {
        TestHost mixed{plugin(), account};
        const std::vector<Input> inputs = interleaved(sequences, seed);
        for (std::size_t i = 0; i < inputs.size(); ++i) {
            if (i % 11 == seed % 11) mixed.reload();
            mixed.feed(inputs[i]);
        }
        EXPECT_THAT(mixed.faults(), IsEmpty()) << "seed " << seed;
        for (const Input& input : in_turn) {
            EXPECT_EQ(of_task(mixed, input.task), of_task(straight, input.task)) << "seed " << seed;
        }
    }
}

}  // namespace
