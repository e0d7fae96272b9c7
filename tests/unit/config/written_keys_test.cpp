// Names of keys are kept packed; what is told of two readings is what two maps would tell.
#include "host/config/written_keys.hpp"

#include <map>
#include <random>
#include <set>

#include <gtest/gtest.h>

namespace trunkline::config {
namespace {

using Digests = std::map<std::string, std::size_t>;

std::vector<std::string> expected(const Digests& before, const Digests& after) {
    std::set<std::string> out;
    for (const auto& [name, digest] : before) {
        const auto now = after.find(name);
        if (now == after.end() || now->second != digest) out.insert(name);
    }
    for (const auto& [name, digest] : after) {
        if (!before.contains(name)) out.insert(name);
    }
    return {out.begin(), out.end()};
}

TEST(WrittenKeysTest, TellWhatTwoMapsWouldTell) {
    std::mt19937 random{20'261'128};
    const auto some = [&](unsigned below) { return static_cast<std::size_t>(random() % below); };
    // Names share beginnings of all lengths, and some are longer than a byte can count.
    const auto name = [&] {
        std::string out = some(2) == 0 ? "portals[" : std::string(some(300), 'p');
        for (auto left = some(4); left > 0; --left)
            out += "key." + std::to_string(some(3));
        return out;
    };
    const auto reading = [&] {
        Digests out;
        for (auto left = some(12); left > 0; --left)
            out[name()] = some(2) == 0 ? some(2) : ~some(2);
        return out;
    };
    for (int round = 0; round < 2'000 && !testing::Test::HasFailure(); ++round) {
        SCOPED_TRACE(round);
        const Digests before = reading();
        Digests after = some(2) == 0 ? reading() : before;
        if (!after.empty() && some(2) == 0) after.erase(after.begin());
        const WrittenKeys was{before};
        const WrittenKeys is{after};
        EXPECT_EQ(changed_keys(was, is), expected(before, after));
        EXPECT_TRUE(changed_keys(was, was).empty());
    }
}

}  // namespace
}  // namespace trunkline::config
