// Connectors that each break one rule: the kit must find that one, and no other.
#include <atomic>
#include <future>
#include <map>
#include <memory>
#include <thread>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "kit.hpp"

namespace trunkline::conform {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

/// Its golden cases are what it does itself: its author reviewed them badly.
bool reviewed_badly(const std::string& check) {
    static const std::set<std::string> kAll{
        "duplicates.keyed", "privacy.keys", "privacy.items", "upgrade.golden"};
    return kAll.contains(check);
}

/// Another version to compare with.
std::string against(const std::string& check, const std::string& id) {
    if (check == "upgrade.same_connector") return " --against " + good();
    if (check.starts_with("upgrade.")) return " --against " CONNECTORS "/before/" + id + ".so";
    return {};
}

/// Slow to load, as they must be: the groups that load it hundreds of times are left out.
std::string fewer_checks(const std::string& check) {
    if (check != "binary.size" && check != "binary.loads") return {};
    return " --checks binary,manifest,negotiation,lifecycle,contract.golden,determinism.repeat";
}

std::vector<std::string> all_checks() {
    std::vector<std::string> ids;
    for (const json::value& each : listed())
        ids.emplace_back(text_at(each, "check"));
    return ids;
}

std::string underscored(std::string check) {
    std::ranges::replace(check, '.', '_');
    return check;
}

/// What the kit says of the connector that breaks `check`.
Said judged(const std::string& check) {
    const std::string id = underscored(check);
    const std::string connector = CONNECTORS "/bad/" + id + ".so";
    const Folder golden;
    if (check != "contract.cases") fs::copy(cases(), golden.path(), fs::copy_options::recursive);
    const fs::path exceptions = fs::path{TESTS} / "bad" / (id + ".json");
    if (fs::exists(exceptions)) fs::copy_file(exceptions, golden.path() / "conform.json");
    const std::string common = connector + " --golden " + golden.path().string();
    if (reviewed_badly(check)) {
        Said updated = conform(common + " --update");
        if (updated.status != 0) return updated;
    }
    return conform(common + " --format json --seed 7" + against(check, id) + fewer_checks(check));
}

/// True when this run of the program has the test of that check.
bool is_chosen(const std::string& check) {
    const auto& all = *testing::UnitTest::GetInstance();
    for (int i = 0; i < all.total_test_suite_count(); ++i) {
        const testing::TestSuite& suite = *all.GetTestSuite(i);
        for (int k = 0; k < suite.total_test_count(); ++k) {
            const testing::TestInfo& test = *suite.GetTestInfo(k);
            if (test.name() == "EachBreaksItsRule/" + underscored(check)) return test.should_run();
        }
    }
    return false;
}

/// Runs the kit for every test that was chosen, as often at once as there are processors: the kit
/// judges by no clock, and one connector after another would take minutes.
class Judges {
public:
    Judges() {
        for (const std::string& check : all_checks()) {
            if (is_chosen(check)) checks_.push_back(check);
        }
        for (const std::string& check : checks_)
            verdicts_.emplace(check, said_[check].get_future());
        const unsigned count = std::max(1U, std::thread::hardware_concurrency());
        for (unsigned i = 0; i < count; ++i)
            threads_.emplace_back([this] { judge(); });
    }

    Said of(const std::string& check) { return verdicts_.at(check).get(); }

private:
    void judge() {
        for (std::size_t i = 0; (i = next_++) < checks_.size();) {
            std::promise<Said>& said = said_.at(checks_[i]);
            try {
                said.set_value(judged(checks_[i]));
            } catch (...) {
                said.set_exception(std::current_exception());
            }
        }
    }

    std::vector<std::string> checks_;
    std::map<std::string, std::promise<Said>> said_;
    std::map<std::string, std::future<Said>> verdicts_;
    std::atomic<std::size_t> next_{0};
    std::vector<std::jthread> threads_;  // last: they end before what they work on
};

class ABadConnector : public testing::TestWithParam<std::string> {
protected:
    static void SetUpTestSuite() { judges() = std::make_unique<Judges>(); }
    static void TearDownTestSuite() { judges().reset(); }
    static std::unique_ptr<Judges>& judges() {
        static std::unique_ptr<Judges> kJudges;
        return kJudges;
    }
};

TEST_P(ABadConnector, EachBreaksItsRule) {
    const std::string& check = GetParam();
    const Said said = judges()->of(check);
    EXPECT_THAT(said.checks("failed"), ElementsAre(check)) << said.text << said.errors;
    EXPECT_THAT(said.checks("skipped"), IsEmpty());
    const auto results = said.parsed();  // kept: the list is a part of it
    for (const json::value& each : list_at(results, "results")) {
        if (text_at(each, "check") != check) continue;
        EXPECT_FALSE(list_at(each, "faults").empty()) << "without a reason";
        EXPECT_EQ(said.status, text_at(each, "severity") == "warning" ? 0 : 1);
    }
}

INSTANTIATE_TEST_SUITE_P(
    Each,
    ABadConnector,
    testing::ValuesIn(all_checks()),
    [](const auto& each) { return underscored(each.param); }
);

TEST(ASoundConnector, BreaksNoRule) {
    const Said said =
        conform(good() + " --golden " + cases() + " --format json --against " + good());
    EXPECT_EQ(said.status, 0) << said.text << said.errors;
    EXPECT_THAT(said.checks("failed"), IsEmpty());
#ifndef TRUNKLINE_SANITIZED
    // Everything is looked at: a check that never applies would never find anything. What cannot be
    // everywhere is counting instructions.
    auto elsewhere = said.checks("not applicable");
    elsewhere.erase("cost.instructions");
    EXPECT_THAT(elsewhere, IsEmpty());
#endif
}

}  // namespace
}  // namespace trunkline::conform
