#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <trunkline/testing.hpp>

namespace {

using namespace trunkline::testing;
using testing::HasSubstr;
using testing::IsEmpty;

const tl_plugin& plugin() {
    return *tl_connector_entry(TL_ABI_MAJOR, TL_ABI_MINOR);
}

class EchoCase : public testing::TestWithParam<Golden> {};

TEST_P(EchoCase, AsksForWhatTheGoldenFileSays) {
    const Golden& golden = GetParam();
    const auto run = run_inputs(plugin(), golden.account, golden.inputs);
    EXPECT_THAT(run.faults, IsEmpty());
    if (update_golden(golden, run.transcript)) GTEST_SKIP() << "out.jsonl written";
    EXPECT_EQ(run.transcript, golden.expected);
}

TEST_P(EchoCase, IsRebuiltBeforeEveryInput) {
    EXPECT_THAT(refeed_everywhere(plugin(), GetParam().account, GetParam().inputs), IsEmpty());
}

INSTANTIATE_TEST_SUITE_P(
    Golden,
    EchoCase,
    testing::ValuesIn(load_goldens(ECHO_TESTDATA)),
    [](const auto& each) { return each.param.name(); }
);

// [tutorial]
TEST(Echo, SendsACommandToTheAddressInItsSettings) {
    TestHost host{plugin(), {.settings = R"({"base_url":"https://chat.example"})"}};
    host.feed(Input::command(1, "c1", R"({"id":"x1","type":"send","message":{"text":"Yes"}})"));
    EXPECT_EQ(host.latest("http").string("url"), "https://chat.example/send");

    host.feed(Input::reply(1, 1, 200, R"({"id":77})"));
    EXPECT_EQ(host.latest("outcome").string("value"), R"(["77"])");
    EXPECT_THAT(host.faults(), IsEmpty());
}
// [tutorial]

TEST(Echo, RefusesSettingsWithoutAnAddress) {
    const TestHost host{plugin(), {.settings = "{}"}};
    EXPECT_EQ(host.created(), TL_E_BAD_CONFIG);
    EXPECT_THAT(host.log(), testing::Contains(HasSubstr("base_url")));
}

}  // namespace
