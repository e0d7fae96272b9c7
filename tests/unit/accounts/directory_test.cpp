#include "host/accounts/directory.hpp"

#include <thread>

#include <gtest/gtest.h>

namespace trunkline::accounts {
namespace {

class DirectoryTest : public testing::Test {
protected:
    std::shared_ptr<Portal> portal(const std::string& id) {
        config::Portal from;
        from.id = id;
        return std::make_shared<Portal>(from, nullptr, loop);
    }
    static std::vector<std::string> ids(const Directory::View<Portal>& view) {
        std::vector<std::string> out;
        for (const auto& [id, entry] : view)
            out.push_back(id);
        return out;
    }

    async::Loop loop;
    Directory directory;
};

TEST_F(DirectoryTest, WhoLooksThroughItHoldsOnToWhatHeFound) {
    const auto first = portal("a");
    directory.add(first);
    const auto before = directory.portals();
    directory.add(portal("b"));
    directory.remove(first);
    EXPECT_EQ(ids(before), std::vector<std::string>{"a"});
    EXPECT_EQ(ids(directory.portals()), std::vector<std::string>{"b"});
    EXPECT_EQ(directory.portal("a"), nullptr);
}

TEST_F(DirectoryTest, AnotherOfTheSameIdStays) {
    const auto former = portal("a");
    directory.add(former);
    const auto present = portal("a");
    directory.add(present);
    directory.remove(former);
    EXPECT_EQ(directory.portal("a"), present);
}

TEST_F(DirectoryTest, ManyComeWithoutACopyForEach) {
    // With one it takes minutes.
    for (int i = 0; i < 100'000; ++i)
        directory.add(portal(std::to_string(i)));
    EXPECT_EQ(directory.portals().size(), 100'000u);
}

TEST_F(DirectoryTest, IsLookedUpFromAnyThreadWhileItChanges) {
    directory.add(portal("stays"));
    std::atomic<bool> over{false};
    std::thread looks{[&] {
        while (!over)
            EXPECT_NE(directory.portal("stays"), nullptr);
    }};
    for (int i = 0; i < 2'000; ++i) {
        const auto one = portal(std::to_string(i % 7));
        directory.add(one);
        directory.remove(one);
    }
    over = true;
    looks.join();
    EXPECT_EQ(directory.portals().size(), 1u);
}

}  // namespace
}  // namespace trunkline::accounts
