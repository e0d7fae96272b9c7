#include "portal/arguments.hpp"

#include <gtest/gtest.h>

namespace trunkline::portal {
namespace {

using Wish = Arguments::Wish;

TEST(ArgumentsTest, RunsWithAFile) {
    const auto arguments = parse_arguments({"--config", "portal.yaml"});

    EXPECT_EQ(arguments.wish, Wish::run);
    EXPECT_EQ(arguments.config, "portal.yaml");
}

TEST(ArgumentsTest, ExplainsItselfWhenAsked) {
    EXPECT_EQ(parse_arguments({"--help"}).wish, Wish::help);
    EXPECT_EQ(parse_arguments({"--version"}).wish, Wish::version);
    EXPECT_EQ(parse_arguments({"--config", "f", "--help"}).wish, Wish::help);
    EXPECT_EQ(parse_arguments({"--version", "--help"}).wish, Wish::help);
}

TEST(ArgumentsTest, RefusesWhatNobodyKnowsWhereverItStands) {
    const std::vector<std::vector<std::string>> wrong{
        {},
        {"--config"},
        {"--config", "f", "--bogus"},
        {"--bogus", "--config", "f"},
        {"--config", "f", "g"},
        {"--config", "f", "--config", "g"},
        {"--help", "--bogus"},
    };
    for (const auto& words : wrong) {
        const auto arguments = parse_arguments(words);
        EXPECT_EQ(arguments.wish, Wish::refuse);
        EXPECT_FALSE(arguments.problem.empty());
    }
    EXPECT_EQ(parse_arguments({"--config", "f", "--bogus"}).problem, "unknown word \"--bogus\"");
}

}  // namespace
}  // namespace trunkline::portal
