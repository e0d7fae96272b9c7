// The program itself: what it is told, what it says, how it ends.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "kit.hpp"

namespace trunkline::conform {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

std::string bad(const std::string& id) {
    return CONNECTORS "/bad/" + id + ".so";
}

TEST(Program, SaysInOneLineWhatItCannotDo) {
    const auto refused = [](const std::string& arguments, const std::string& why) {
        const Said said = conform(arguments);
        EXPECT_EQ(said.status, 2) << arguments;
        EXPECT_THAT(said.errors, HasSubstr(why)) << arguments;
        EXPECT_EQ(std::ranges::count(said.errors, '\n'), 1) << said.errors;
        EXPECT_THAT(said.text, IsEmpty());
    };
    refused("", "which connector?");
    refused(good() + " --chekcs binary", "unknown option --chekcs");
    refused(good() + " --checks binary.nothing", "there is no check 'binary.nothing'");
    refused(good() + " --seed twelve", "'twelve' is no number");
    refused(good() + " --format xml", "'xml' is none of text, junit, json");
    refused(good() + " --reproduce binary", "is not CHECK:SEED");
    refused(good() + " --update", "--update needs --golden");
    refused(good() + " --golden a --replay b", "exclude each other");
    refused(good() + " --golden /nowhere", "/nowhere: is no folder");
    refused("/nowhere.so", "/nowhere.so: cannot be read");
    refused(TESTS "/sound.c", "not a shared library");
    const Folder folder;
    write_file(folder.path() / "cut.so", content_of(good()).substr(0, 3000));
    refused((folder.path() / "cut.so").string(), "truncated");
    write_file(folder.path() / "cases.jsonl", "{\"in\":{}}\n");
    refused(
        good() + " --replay " + (folder.path() / "cases.jsonl").string(), "line 1: it stands before"
    );
}

TEST(Program, LeavesOutWhatItsAuthorExceptsUntilThatDay) {
    const Folder golden;
    fs::copy(cases(), golden.path(), fs::copy_options::recursive);
    const std::string arguments = bad("failures_refused") + " --golden " + golden.path().string() +
                                  " --format json --checks failures.refused,failures.scope";
    const auto skip = [&](const std::string& entry) {
        write_file(golden.path() / "conform.json", R"({"skip":[)" + entry + "]}");
        return conform(arguments);
    };
    const Said now = skip(R"({"check":"failures.refused","reason":"known","until":"2999-12-31"})");
    EXPECT_EQ(now.status, 0) << now.errors;
    EXPECT_THAT(now.checks("skipped"), ElementsAre("failures.refused"));
    EXPECT_THAT(now.text, HasSubstr("known; until 2999-12-31"));

    const Said over = skip(R"({"check":"failures.scope","reason":"known","until":"2020-01-31"})");
    EXPECT_EQ(over.status, 1);
    EXPECT_THAT(over.checks("failed"), ElementsAre("failures.refused", "failures.scope"));
    EXPECT_THAT(over.text, HasSubstr("until 2020-01-31, which is over"));

    EXPECT_THAT(
        skip(R"({"check":"failures.scope","until":"2999-12-31"})").errors, HasSubstr("reason")
    );
    EXPECT_THAT(skip(R"({"check":"failures.scope","reason":"x"})").errors, HasSubstr("until"));
    EXPECT_THAT(
        skip(R"({"check":"failures.scop","reason":"x","until":"2999-12-31"})").errors,
        HasSubstr("there is no check 'failures.scop'")
    );
}

TEST(Program, WritesWhatComesOut) {
    const Folder golden;
    fs::copy(cases(), golden.path(), fs::copy_options::recursive);
    const fs::path out = golden.path() / "webhook" / "out.jsonl";
    const std::string reviewed = content_of(out);
    write_file(out, "{}\n");
    const std::string common = good() + " --golden " + golden.path().string();
    EXPECT_EQ(conform(common + " --checks contract.golden").status, 1);
    const Said said = conform(common + " --update");
    EXPECT_EQ(said.status, 0) << said.errors;
    EXPECT_EQ(said.text, "written: " + out.string() + "\n");
    EXPECT_EQ(content_of(out), reviewed);
    EXPECT_THAT(conform(common + " --update").text, IsEmpty());
}

TEST(Program, RepeatsAFuzzedInputByItsNumber) {
    const std::string common = bad("robustness_mutated") + " --golden " + cases();
    const Said found = conform(common + " --checks robustness.mutated --seed 3");
    EXPECT_EQ(found.status, 1);
    const std::string mark = "--reproduce robustness.mutated:";
    const auto at = found.text.find(mark);
    ASSERT_NE(at, std::string::npos) << found.text;
    const std::string seed = found.text.substr(
        at + mark.size(), found.text.find(' ', at + mark.size()) - at - mark.size()
    );
    const Said again = conform(common + " " + mark + seed);
    EXPECT_EQ(again.status, 1) << again.text;
    EXPECT_THAT(again.text, HasSubstr("killed by signal 6"));
}

TEST(Program, ReadsARecordingOfAHost) {
    const Folder folder;
    std::string text =
        R"({"case":"day","account":)" + content_of(fs::path{cases()} / "webhook/account.json");
    text.pop_back();
    text += "}\n";
    std::ifstream inputs{fs::path{cases()} / "webhook/in.jsonl"};
    for (std::string line; std::getline(inputs, line);)
        text += R"({"in":)" + line + "}\n";
    write_file(folder.path() / "day.jsonl", text);
    const std::string common = good() + " --replay " + (folder.path() / "day.jsonl").string() +
                               " --format json --checks contract,determinism";
    const Said said = conform(common);
    EXPECT_EQ(said.status, 0) << said.text << said.errors;
    EXPECT_THAT(said.checks("not applicable"), ElementsAre("contract.golden"));
}

TEST(Program, FindsTheCasesInsideOfAConnector) {
    const Said said = conform(ECHO_SO " --format json --checks contract.golden");
    EXPECT_EQ(said.status, 0) << said.text << said.errors;
    EXPECT_EQ(number_at(said.parsed(), "cases"), 2);
}

TEST(Program, SpeaksThreeForms) {
    const std::string common = bad("failures_refused") + " --golden " + cases() +
                               " --checks failures.refused,failures.scope,upgrade.state --format ";
    const Said text = conform(common + "text --seed 5");
    EXPECT_THAT(text.text, HasSubstr("FAIL  failures.refused"));
    EXPECT_THAT(text.text, HasSubstr("ok    failures.scope"));
    EXPECT_THAT(text.text, HasSubstr("n/a   upgrade.state"));
    EXPECT_THAT(text.text, HasSubstr("conformance.md#failures.refused"));
    EXPECT_THAT(text.text, HasSubstr("--reproduce failures.refused:5"));
    const Said junit = conform(common + "junit");
    EXPECT_THAT(junit.text, HasSubstr("tests=\"3\" failures=\"1\" skipped=\"1\""));
    EXPECT_THAT(junit.text, HasSubstr("<testcase classname=\"failures\" name=\"scope\""));
    EXPECT_EQ(conform(common + "json").checks("failed"), std::set<std::string>{"failures.refused"});
}

TEST(Program, ChecksWithoutChildrenForADebugger) {
    const Said said = conform(
        good() + " --golden " + cases() + " --in-process --format json --checks contract,state"
    );
    EXPECT_EQ(said.status, 0) << said.text << said.errors;
    EXPECT_THAT(said.checks("failed"), IsEmpty());
}

}  // namespace
}  // namespace trunkline::conform
