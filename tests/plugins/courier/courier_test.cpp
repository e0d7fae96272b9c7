// A connector in C whose tasks have several steps.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <trunkline/testing/check.hpp>

namespace {

using namespace trunkline::testing;
using testing::IsEmpty;

const tl_plugin& plugin() {
    return *tl_connector_entry(TL_ABI_MAJOR, TL_ABI_MINOR);
}
const Account kAccount{
    .settings = R"({"base_url":"https://chat.example","token":"t0ken","app_secret":"s3cret"})"};

TEST(Courier, AsksForWhatItsGoldenCasesSay) {
    EXPECT_THAT(check_cases(plugin(), COURIER_TESTDATA), IsEmpty());
}

TEST(Courier, AnEffectThatIsRefusedEndsItsTask) {
    const Golden golden = load_golden(std::filesystem::path{COURIER_TESTDATA} / "send_file");
    for (std::size_t refused = 0; refused < 6; ++refused) {
        TestHost host{plugin(), golden.account};
        host.refuse_effect(refused);
        host.feed(golden.inputs);
        EXPECT_THAT(host.faults(), IsEmpty()) << refused;
    }
}

TEST(Courier, TasksDoNotSeeEachOther) {
    const auto sequence = [](std::uint64_t task) {
        const std::string id = "x" + std::to_string(task);
        return std::vector<Input>{
            Input::command(
                task,
                "5",
                R"({"id":")" + id + R"(","type":"send","message":{"attachments":[{"file":"f"}]}})"
            ),
            Input::reply(task, 1, 200, R"({"id":"u"})"),
            Input::no_reply(task, 2, true),
            Input::timer(task, 3),
            Input::stored(task, 4, "[\"" + id + "\"]")};
    };
    for (unsigned seed = 0; seed < 50; ++seed) {
        TestHost host{plugin(), kAccount};
        for (const Input& input : interleaved({sequence(1), sequence(2), sequence(3)}, seed)) {
            EXPECT_EQ(host.feed(input), TL_OK);
            if (seed % 2 == 1) host.reload();
        }
        EXPECT_THAT(host.faults(), IsEmpty());
        std::map<std::uint64_t, std::string> ends;
        for (const Effect& effect : host.effects())
            if (effect.kind == "outcome") ends[effect.task] = effect.string("value");
        EXPECT_EQ(
            ends,
            (std::map<std::uint64_t, std::string>{
                {1, R"(["x1"])"}, {2, R"(["x2"])"}, {3, R"(["x3"])"}})
        );
    }
}

}  // namespace
