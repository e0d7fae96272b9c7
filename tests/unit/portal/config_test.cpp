#include "portal/config.hpp"

#include <algorithm>

#include <gtest/gtest.h>

namespace trunkline::portal {
namespace {

constexpr const char* kGood = R"yaml(
listen: 127.0.0.1:9000
public_url: http://127.0.0.1:9000/
host: {url: "http://127.0.0.1:8080", portal: acme, license_key: "${KEY}"}
store: {path: var/acme/portal.db}
files: {fetch: false, max: 5MiB}
allow_private: true
)yaml";

std::optional<std::string> variables(const std::string& name) {
    if (name == "KEY") return "tlk_AwoRGB8mLTQ7QklQV15lbHN6gYiPlp2kq7K5wMfO1dw";
    return std::nullopt;
}

TEST(ConfigTest, ReadsEveryKeyAndReplacesVariables) {
    const auto loaded = read_config(kGood, "portal.yaml", variables);

    ASSERT_TRUE(loaded.config) << loaded.problems.at(0);
    EXPECT_EQ(loaded.config->public_url, "http://127.0.0.1:9000");
    EXPECT_EQ(loaded.config->host.portal, "acme");
    EXPECT_EQ(loaded.config->host.license_key.reveal().substr(0, 8), "tlk_AwoR");
    EXPECT_EQ(loaded.config->files.path, "var/acme/files");
    EXPECT_EQ(loaded.config->files.bytes_max, 5U << 20U);
    EXPECT_FALSE(loaded.config->files.fetch);
    EXPECT_TRUE(loaded.config->allow_private);
}

TEST(ConfigTest, NamesFileLineAndKeyOfEveryProblemAtOnce) {
    const auto loaded = read_config(
        "listen: 127.0.0.1:9000\nlisten_to: x\nhost: {url: nowhere, portal: acme, license_key: "
        "tlk_x}\n",
        "p.yaml",
        variables
    );

    ASSERT_FALSE(loaded.config);
    std::string all;
    for (const auto& problem : loaded.problems)
        all += problem + "\n";
    EXPECT_NE(all.find("p.yaml:2:1: listen_to: unknown key"), std::string::npos) << all;
    EXPECT_NE(all.find("host.url"), std::string::npos) << all;
    EXPECT_NE(all.find("host.license_key"), std::string::npos) << all;
    EXPECT_EQ(all.find("tlk_x"), std::string::npos) << "a secret must not be repeated in a message";
}

TEST(ConfigTest, TellsProblemsInTheOrderOfTheFile) {
    const auto loaded = read_config(
        "lisen: 127.0.0.1:9000\nhost: {url: nowhere, portal: Acme.Inc, license_key: tlk_x}\n"
        "files: {max: many}\nallow_public: maybe\nunknown: 1\n",
        "p.yaml",
        variables
    );

    ASSERT_FALSE(loaded.config);
    std::vector<int> lines;
    for (const auto& problem : loaded.problems)
        lines.push_back(std::stoi(problem.substr(std::string{"p.yaml:"}.size())));
    EXPECT_GE(lines.size(), 7u);
    EXPECT_TRUE(std::is_sorted(lines.begin(), lines.end())) << testing::PrintToString(lines);
}

TEST(ConfigTest, TakesThePortalIdsAndTheWordThatTheHostTakes) {
    const auto with = [](const std::string& portal, const std::string& more) {
        return read_config(
            "host: {url: \"http://127.0.0.1:8080\", license_key: \"${KEY}\", portal: " + portal +
                more + "}\n",
            "p.yaml",
            variables
        );
    };
    EXPECT_TRUE(with("acme_eu-2", "").config);
    EXPECT_FALSE(with("acme_eu-2", ", encrypt: false").config->host.encrypt);
    for (const char* wrong : {"Acme", "acme.eu", "_acme", "-acme"})
        EXPECT_FALSE(with(wrong, "").config) << wrong;

    const auto old = with("acme", ", encrypted: true");
    ASSERT_FALSE(old.config);
    ASSERT_FALSE(old.problems.empty());
    EXPECT_NE(old.problems.at(0).find("\"encrypt\""), std::string::npos) << old.problems.at(0);
}

TEST(ConfigTest, ANameThatMerelyBeginsLikeLoopbackIsNot) {
    std::string text{kGood};
    text.replace(text.find("127.0.0.1:9000"), 14, "127.example.com:9000");
    EXPECT_FALSE(read_config(text, "p.yaml", variables).config);
    EXPECT_TRUE(read_config(kGood, "p.yaml", variables).config->on_loopback);
    const auto open = read_config(text + "allow_public: true\n", "p.yaml", variables);
    ASSERT_TRUE(open.config);
    EXPECT_FALSE(open.config->on_loopback);
}

TEST(ConfigTest, RefusesToListenBeyondLoopbackUnasked) {
    std::string text{kGood};
    text.replace(text.find("127.0.0.1:9000"), 14, "0.0.0.0:9000");

    EXPECT_FALSE(read_config(text, "p.yaml", variables).config);
    EXPECT_TRUE(read_config(text + "allow_public: true\n", "p.yaml", variables).config);
}

}  // namespace
}  // namespace trunkline::portal
