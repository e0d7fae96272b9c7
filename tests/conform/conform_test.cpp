// Connectors that each break one rule: the kit must find that one, and no other.
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

class ABadConnector : public testing::TestWithParam<std::string> {};

TEST_P(ABadConnector, EachBreaksItsRule) {
    const std::string& check = GetParam();
    std::string id = check;
    std::ranges::replace(id, '.', '_');
    const std::string connector = CONNECTORS "/bad/" + id + ".so";
    const Folder golden;
    if (check != "contract.cases") fs::copy(cases(), golden.path(), fs::copy_options::recursive);
    const fs::path exceptions = fs::path{TESTS} / "bad" / (id + ".json");
    if (fs::exists(exceptions)) fs::copy_file(exceptions, golden.path() / "conform.json");
    const std::string common = connector + " --golden " + golden.path().string();
    if (reviewed_badly(check)) {
        ASSERT_EQ(conform(common + " --update").status, 0);
    }

    const Said said =
        conform(common + " --format json --seed 7" + against(check, id) + fewer_checks(check));
    EXPECT_THAT(said.checks("failed"), ElementsAre(check)) << said.text << said.errors;
    EXPECT_THAT(said.checks("skipped"), IsEmpty());
    const auto results = said.parsed();  // kept: the list is a part of it
    for (const json::value& each : list_at(results, "results")) {
        if (text_at(each, "check") != check) continue;
        EXPECT_FALSE(list_at(each, "faults").empty()) << "without a reason";
        EXPECT_EQ(said.status, text_at(each, "severity") == "warning" ? 0 : 1);
    }
}

std::vector<std::string> all_checks() {
    std::vector<std::string> ids;
    for (const json::value& each : listed())
        ids.emplace_back(text_at(each, "check"));
    return ids;
}

INSTANTIATE_TEST_SUITE_P(
    Each,
    ABadConnector,
    testing::ValuesIn(all_checks()),
    [](const auto& each) {
        std::string name = each.param;
        std::ranges::replace(name, '.', '_');
        return name;
    }
);

TEST(ASoundConnector, BreaksNoRule) {
    const Said said =
        conform(good() + " --golden " + cases() + " --format json --against " + good());
    EXPECT_EQ(said.status, 0) << said.text << said.errors;
    EXPECT_THAT(said.checks("failed"), IsEmpty());
#if !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)
    // Everything is looked at: a check that never applies would never find anything. What cannot be
    // everywhere is counting instructions.
    auto elsewhere = said.checks("not applicable");
    elsewhere.erase("cost.instructions");
    EXPECT_THAT(elsewhere, IsEmpty());
#endif
}

}  // namespace
}  // namespace trunkline::conform
