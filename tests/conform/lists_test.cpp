// Three lists that must be one: the checks, the connectors that break them, the document.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "kit.hpp"

namespace trunkline::conform {
namespace {

std::set<std::string> ids_of_checks() {
    std::set<std::string> ids;
    for (const json::value& each : listed())
        EXPECT_TRUE(ids.emplace(text_at(each, "check")).second) << each;
    return ids;
}

TEST(Lists, EachCheckHasABadConnectorAndEachBadConnectorACheck) {
    std::set<std::string> of_checks, of_files, built;
    for (std::string id : ids_of_checks()) {
        std::ranges::replace(id, '.', '_');
        of_checks.insert(std::move(id));
    }
    for (const auto& entry : fs::directory_iterator{fs::path{TESTS} / "bad"}) {
        if (entry.path().extension() != ".c") continue;
        of_files.insert(entry.path().stem());
        // The file says which check it is for, and what is wrong.
        std::ifstream stream{entry.path()};
        std::string first;
        std::getline(stream, first);
        std::string named = first.substr(0, first.find(':'));
        named.erase(0, 3);
        std::ranges::replace(named, '.', '_');
        EXPECT_EQ(named, entry.path().stem()) << first;
    }
    for (const auto& entry : fs::directory_iterator{CONNECTORS "/bad"})
        built.insert(entry.path().stem());
    EXPECT_EQ(of_checks, of_files);
    EXPECT_EQ(of_files, built) << "a file that is not built, or a library without a file";
}

TEST(Lists, TheDocumentDescribesEachCheckInTheProgramsWords) {
    const std::string document = content_of(DOCUMENT);
    for (const json::value& each : listed()) {
        const std::string id{text_at(each, "check")};
        const std::string row = "| <a id=\"" + id + "\"></a>`" + id + "` | " +
                                std::string{text_at(each, "severity")} + " | " +
                                std::string{text_at(each, "rule")} + " |";
        EXPECT_NE(document.find(row), std::string::npos) << "missing: " << row;
        EXPECT_EQ(text_at(each, "link"), "docs/connectors/reference/conformance.md#" + id);
    }
    const auto ids = ids_of_checks();
    std::size_t rows = 0;
    for (auto at = document.find("<a id=\""); at != std::string::npos;
         at = document.find("<a id=\"", at + 1)) {
        const std::string id = document.substr(at + 7, document.find('"', at + 7) - at - 7);
        EXPECT_TRUE(ids.contains(id)) << "there is no check " << id;
        ++rows;
    }
    EXPECT_EQ(rows, ids.size());
}

TEST(Lists, EachRuleIsOneSentence) {
    for (const json::value& each : listed()) {
        const std::string rule{text_at(each, "rule")};
        EXPECT_TRUE(rule.ends_with('.')) << rule;
        EXPECT_EQ(rule.find(". "), std::string::npos) << rule;
    }
}

}  // namespace
}  // namespace trunkline::conform
