// What is stored comes back only whole, in its place and under its key, from any thread.

#include <thread>

#include <gtest/gtest.h>

#include "host/seal/crypto.hpp"

namespace trunkline::seal {
namespace {

TEST(AtRestTest, ReadsBackWhatItWroteAndAppends) {
    const AtRest store{random_bytes(32)};
    std::string sealed = "prefix";
    store.encrypt("place", "hello", sealed);
    ASSERT_EQ(sealed.size(), 6u + 12u + 5u + 16u);
    EXPECT_EQ(sealed.substr(0, 6), "prefix");

    std::string plain = "left over";
    ASSERT_TRUE(store.decrypt("place", std::string_view{sealed}.substr(6), plain));
    EXPECT_EQ(plain, "hello");
}

TEST(AtRestTest, KeepsNothingAndEmptyContexts) {
    const AtRest store{random_bytes(32)};
    std::string sealed;
    store.encrypt("", "", sealed);
    std::string plain = "x";
    EXPECT_TRUE(store.decrypt("", sealed, plain));
    EXPECT_EQ(plain, "");
}

TEST(AtRestTest, RefusesAnotherPlaceAnotherKeyAndEveryChange) {
    const AtRest store{random_bytes(32)};
    const AtRest other{random_bytes(32)};
    std::string sealed;
    store.encrypt("row 1", "secret", sealed);
    std::string plain = "x";

    EXPECT_FALSE(store.decrypt("row 2", sealed, plain));
    EXPECT_FALSE(other.decrypt("row 1", sealed, plain));
    for (std::size_t i = 0; i < sealed.size(); ++i) {
        std::string bad = sealed;
        bad[i] = static_cast<char>(bad[i] ^ 0x40);
        EXPECT_FALSE(store.decrypt("row 1", bad, plain)) << i;
        EXPECT_FALSE(store.decrypt("row 1", std::string_view{sealed}.substr(0, i), plain)) << i;
    }
    EXPECT_EQ(plain, "") << "nothing of what is not authentic is handed out";
}

TEST(AtRestTest, ServesManyThreadsAtOnce) {
    const AtRest store{random_bytes(32)};
    std::atomic<int> wrong{0};
    std::vector<std::thread> threads;
    for (int t = 0; t < 4; ++t) {
        threads.emplace_back([&, t] {
            const std::string context = "thread " + std::to_string(t);
            for (int i = 0; i < 2000; ++i) {
                const std::string text = context + ' ' + std::to_string(i);
                std::string sealed;
                std::string plain;
                store.encrypt(context, text, sealed);
                if (!store.decrypt(context, sealed, plain) || plain != text) ++wrong;
            }
        });
    }
    for (auto& thread : threads)
        thread.join();
    EXPECT_EQ(wrong.load(), 0);
}

TEST(AtRestTest, NeverRepeatsAnIv) {
    const AtRest store{random_bytes(32)};
    std::set<std::string> ivs;
    for (int i = 0; i < 1000; ++i) {
        std::string sealed;
        store.encrypt("", "", sealed);
        ivs.insert(sealed.substr(0, 12));
    }
    EXPECT_EQ(ivs.size(), 1000u);
}

}  // namespace
}  // namespace trunkline::seal
