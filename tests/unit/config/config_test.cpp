#include "host/config/config.hpp"

#include <filesystem>
#include <fstream>
#include <sstream>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

namespace trunkline::config {
namespace {

using testing::Contains;
using testing::ElementsAre;
using testing::HasSubstr;

std::optional<std::string> environment(const std::string& name) {
    if (name == "TRUNKLINE_ADMIN_TOKEN") return "0123456789abcdef";
    if (name == "TELEGRAM_TOKEN") return "123:abc";
    if (name == "FB_APP_SECRET") return "fb";
    return std::nullopt;
}

constexpr const char* kKey = "tlk_AwoRGB8mLTQ7QklQV15lbHN6gYiPlp2kq7K5wMfO1dw";
const std::string kSmallest =
    std::string{
        "admin_token: ${TRUNKLINE_ADMIN_TOKEN}\nportals:\n  - {id: acme, url: "
        "\"http://127.0.0.1:9000/e\", license_key: "} +
    kKey + "}\n";

std::vector<std::string> problems_of(const std::string& text) {
    std::vector<std::string> out;
    for (const Problem& problem : load_text(text, "t.yaml", environment).problems)
        out.push_back(to_string(problem));
    return out;
}

std::string read(const std::string& path) {
    std::ifstream in{path};
    std::ostringstream out;
    out << in.rdbuf();
    return out.str();
}

TEST(ConfigTest, TakesTheSmallestFileAndGivesTheDocumentedDefaults) {
    const Loaded loaded = load_text(kSmallest, "t.yaml", environment);

    ASSERT_TRUE(loaded.config) << to_string(loaded.problems.at(0));
    const Portal& portal = loaded.config->portals.at(0);
    ASSERT_EQ(portal.lanes.size(), 2u);
    EXPECT_EQ(portal.lanes[0].name, "messages");
    EXPECT_EQ(portal.lanes[0].batch.max_messages, 64u);
    EXPECT_EQ(portal.lanes[0].retention, std::chrono::hours{24});
    EXPECT_EQ(portal.lanes[1].name, "presence");
    EXPECT_TRUE(portal.encrypt);
    EXPECT_EQ(portal.license_key.reveal(), kKey);
    EXPECT_EQ(loaded.config->admin_tokens.at(0).token.reveal(), "0123456789abcdef");
}

TEST(ConfigTest, ThePublicUrlEndsWithoutASlashHoweverItWasWritten) {
    for (const char* written :
         {"https://bots.example", "https://bots.example/", "https://bots.example//"}) {
        const Loaded loaded =
            load_text(kSmallest + "public_url: " + written + "\n", "t.yaml", environment);
        ASSERT_TRUE(loaded.config) << to_string(loaded.problems.at(0));
        EXPECT_EQ(loaded.config->public_url, "https://bots.example");
    }
}

TEST(ConfigTest, TheContractsExampleNeedsOnlyWhatThisVersionLacks) {
    const std::string text = read(std::string{TRUNKLINE_SOURCE} + "/tests/vectors/contract.yaml");
    ASSERT_FALSE(text.empty());

    EXPECT_THAT(problems_of(text), testing::IsEmpty());
}

TEST(ConfigTest, AConnectorMayRunInAProcessWithLimits) {
    const Loaded loaded = load_text(
        kSmallest +
            "connectors:\n  skype: {isolation: process, memory: 256MiB, reply_within: 2s, app: "
            "x}\n",
        "t.yaml",
        environment
    );
    ASSERT_TRUE(loaded.config) << to_string(loaded.problems.at(0));
    const Connector& skype = loaded.config->connectors.at(0);
    EXPECT_EQ(skype.isolation, "process");
    EXPECT_EQ(skype.memory, 256ULL << 20U);
    EXPECT_EQ(skype.reply_within, std::chrono::seconds{2});
    EXPECT_EQ(skype.settings.size(), 1u) << "the host's own keys are not the connector's";
    EXPECT_THAT(
        problems_of(kSmallest + "connectors: {skype: {isolation: in_process, memory: 256MiB}}\n"),
        ElementsAre(HasSubstr("connectors.skype.memory: is not for isolation: in_process"))
    );
}

TEST(ConfigTest, EveryShippedFileLoads) {
    for (const auto& entry :
         std::filesystem::directory_iterator{std::string{TRUNKLINE_SOURCE} + "/config"}) {
        if (entry.path().extension() != ".yaml" ||
            entry.path().filename().string().find("portal") != std::string::npos)
            continue;
        const auto everything = [](const std::string& name) -> std::optional<std::string> {
            return name.find("LICENSE") != std::string::npos ? kKey : "0123456789abcdef";
        };
        const Loaded loaded = load_text(read(entry.path()), entry.path(), everything);
        EXPECT_TRUE(loaded.config) << to_string(loaded.problems.at(0));
    }
}

TEST(ConfigTest, TheReferenceFileNamesEveryKeyThereIs) {
    const std::string text = read(std::string{TRUNKLINE_SOURCE} + "/config/trunkline.yaml");
    for (const Described& entry : describe()) {
        const std::string key = entry.key.substr(entry.key.find_last_of('.') + 1);
        if (key.find('<') != std::string::npos || key.find('[') != std::string::npos) continue;
        EXPECT_THAT(text, HasSubstr(key + ":")) << entry.key;
        EXPECT_FALSE(entry.about.empty()) << entry.key;
    }
}

TEST(ConfigTest, TheReferencePageTellsEveryKeyAsTheReaderKnowsIt) {
    const std::string page = read(std::string{TRUNKLINE_SOURCE} + "/docs/operate/configuration.md");
    for (const Described& entry : describe()) {
        std::string row = "| `" + entry.key + "` | ";
        for (const char c : entry.type)
            row += c == '|' ? "\\|" : std::string{c};
        row += " | " + (entry.fallback.empty() ? "" : "`" + entry.fallback + "`") + " | ";
        EXPECT_THAT(page, HasSubstr(row)) << entry.key;
    }
}

TEST(ConfigTest, NamesPlaceKeyAndNearestKnownKeyOfAMistake) {
    EXPECT_THAT(
        problems_of(kSmallest + "listen:\n  publik: 127.0.0.1:1\n"),
        ElementsAre("t.yaml:5:3: listen.publik: unknown key; did you mean \"public\"?")
    );
}

TEST(ConfigTest, ReportsEveryProblemAtOnce) {
    const auto problems = problems_of(
        "listen: {public: nonsense, threads: many}\nportals:\n  - {id: A, url: ftp://x, "
        "license_key: k, encrypt: maybe}\n"
        "accounts:\n  - {id: a, connector: telegram, portal: nobody}\n"
    );
    EXPECT_THAT(
        problems, testing::Contains(HasSubstr("listen.public: \"nonsense\" is not host:port"))
    );
    EXPECT_THAT(
        problems, testing::Contains(HasSubstr("listen.threads: \"many\" is not a whole number"))
    );
    EXPECT_THAT(problems, testing::Contains(HasSubstr("portals[0].id")));
    EXPECT_THAT(
        problems, testing::Contains(HasSubstr("portals[0].url: is not an http or https URL"))
    );
    EXPECT_THAT(
        problems,
        testing::Contains(HasSubstr("portals[0].encrypt: \"maybe\" is neither true nor false"))
    );
    EXPECT_THAT(
        problems, testing::Contains(HasSubstr("accounts[0].portal: no portal is called nobody"))
    );
    EXPECT_THAT(problems, testing::Contains(HasSubstr("admin_token: is missing")));
}

TEST(ConfigTest, AMissingVariableIsAnErrorThatNamesIt) {
    EXPECT_THAT(
        problems_of(kSmallest + "public_url: http://${NOWHERE}/\n"),
        testing::Contains(HasSubstr("environment variable NOWHERE is not set"))
    );
}

TEST(ConfigTest, RefusesKeysWrittenTwiceAndTextThatIsNotYaml) {
    EXPECT_THAT(
        problems_of(kSmallest + "public_url: http://a/\npublic_url: http://b/\n"),
        testing::Contains(HasSubstr("public_url: is written twice"))
    );
    EXPECT_THAT(problems_of("a: [1, 2"), ElementsAre(HasSubstr("is not YAML")));
    EXPECT_THAT(problems_of("just text"), testing::Contains(HasSubstr("expected a map of keys")));
}

TEST(ConfigTest, RefusesAnAdminSideInTheOpen) {
    EXPECT_THAT(
        problems_of(kSmallest + "listen: {admin: \"0.0.0.0:1\"}\n"),
        ElementsAre(HasSubstr("needs a certificate and key"))
    );
}

TEST(ConfigTest, RefusesClearTextToAForeignHostWithoutTls) {
    const std::string portal = std::string{"license_key: "} + kKey + ", encrypt: false}\n";
    EXPECT_THAT(
        problems_of(
            "admin_token: 0123456789abcdef\nportals:\n  - {id: a, url: \"http://example.com/\", " +
            portal
        ),
        ElementsAre(HasSubstr("false needs https or loopback"))
    );
    EXPECT_THAT(
        problems_of(
            "admin_token: 0123456789abcdef\nportals:\n  - {id: a, url: \"https://example.com/\", " +
            portal
        ),
        ElementsAre()
    );
    EXPECT_THAT(
        problems_of(
            "admin_token: 0123456789abcdef\nportals:\n  - {id: a, url: "
            "\"http://127.0.0.1.evil.example/\", " +
            portal
        ),
        ElementsAre(HasSubstr("false needs https or loopback"))
    );
}

TEST(ConfigTest, RefusesWhatThisVersionDoesNotHave) {
    for (const char* text : {"store: {engine: jetstream}\n"}) {
        EXPECT_THAT(problems_of(kSmallest + text), ElementsAre(HasSubstr("is not in this version")))
            << text;
    }
}

TEST(ConfigTest, ReadsTrustedKeysAndRefusesUnusableOnes) {
    const std::string good = "11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo=";
    const Loaded loaded = load_text(
        kSmallest + "plugins: {require_signature: true, trusted_keys: [" + good + "]}\n",
        "t.yaml",
        environment
    );
    ASSERT_TRUE(loaded.config) << to_string(loaded.problems.at(0));
    EXPECT_TRUE(loaded.config->plugins.require_signature);
    EXPECT_THAT(loaded.config->plugins.trusted_keys, ElementsAre(good));
    EXPECT_THAT(
        problems_of(kSmallest + "plugins: {trusted_keys: [" + good + "]}\n"), ElementsAre()
    );

    EXPECT_THAT(
        problems_of(
            kSmallest + "plugins:\n  trusted_keys:\n    - " + good +
            "\n    - bm90IGEga2V5\n    - AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=\n"
        ),
        ElementsAre(
            "t.yaml:7:7: plugins.trusted_keys[1]: \"bm90IGEga2V5\" is not an Ed25519 public key: "
            "32 "
            "bytes in base64",
            HasSubstr("t.yaml:8:7: plugins.trusted_keys[2]: \"AAAAAAAAAA")
        )
    );
    for (const char* text :
         {"plugins: {require_signature: true}\n",
          "plugins: {require_signature: true, trusted_keys: []}\n"}) {
        EXPECT_THAT(
            problems_of(kSmallest + text),
            ElementsAre("t.yaml:4:30: plugins.require_signature: needs at least one key in "
                        "plugins.trusted_keys")
        );
    }
}

TEST(ConfigTest, KeepsQuotedNumbersOfSettingsAsText) {
    const Loaded loaded = load_text(
        kSmallest +
            "accounts:\n  - {id: a, connector: telegram, portal: acme, settings: {app: \"1\", "
            "port: 1, on: true, token: \"${TELEGRAM_TOKEN}\"}}\n",
        "t.yaml",
        environment
    );
    ASSERT_TRUE(loaded.config);
    const auto& settings = loaded.config->accounts.at(0).settings;
    EXPECT_EQ(settings.at("app"), "1");
    EXPECT_EQ(settings.at("port"), 1);
    EXPECT_EQ(settings.at("on"), true);
    EXPECT_EQ(settings.at("token"), "123:abc");
}

TEST(ConfigTest, ReadsKeysAndAddressRangesWhereTheyAreWritten) {
    const std::string text =
        "admin_token: ${TRUNKLINE_ADMIN_TOKEN}\nnetwork: {allow: [10.0.0.0/8, nonsense]}\n"
        "portals:\n  - {id: acme, url: \"http://127.0.0.1:9/\", license_key: tlk_short}\n";
    EXPECT_THAT(
        problems_of(text),
        ElementsAre(
            HasSubstr("t.yaml:2:31: network.allow[1]: \"nonsense\" is not an address range"),
            HasSubstr("t.yaml:4:57: portals[0].license_key: is not a license key")
        )
    );
}

TEST(ConfigTest, ADocumentThatMeansMoreThanItHoldsIsRefused) {
    std::string bomb = "a0: &a0 [1, 1, 1, 1, 1, 1, 1, 1, 1, 1]\n";
    for (int i = 1; i < 12; ++i) {
        const std::string name = "a" + std::to_string(i), last = "*a" + std::to_string(i - 1);
        bomb += name + ": &" + name + " [" + last;
        for (int j = 1; j < 10; ++j)
            bomb += ", " + last;
        bomb += "]\n";
    }
    EXPECT_THAT(
        problems_of(bomb), ElementsAre("t.yaml:1:1: has more than 100000 entries, aliases followed")
    );
    EXPECT_THAT(
        problems_of("connectors: &x {telegram: {more: *x, again: *x}}\n"),
        ElementsAre("t.yaml:1:1: is nested too deeply, or within itself")
    );
    EXPECT_THAT(
        problems_of(
            kSmallest + "network: {allow: &n [10.0.0.0/8]}\nlisten: {public: {address: "
                        "\"127.0.0.1:1\", trusted_proxies: *n}}\n"
        ),
        ElementsAre()
    ) << "an alias alone does no harm";
}

TEST(ConfigTest, LongTextsAreRefusedBeforeAnybodyReadsThem) {
    const std::string endless(1U << 20U, 'a');
    EXPECT_THAT(
        problems_of(kSmallest + "public_url: http://" + endless + "\n"),
        Contains("t.yaml:4:13: public_url: is longer than 4096 bytes")
    );
    EXPECT_THAT(
        problems_of(kSmallest + "network: {allow: [" + endless + "]}\n"),
        Contains("t.yaml:4:19: network.allow[0]: is longer than 4096 bytes")
    );
    EXPECT_THAT(
        problems_of(kSmallest + "store: {path: \"${" + endless + "\"}\n"),
        Contains(HasSubstr("store.path: "))
    );
}

TEST(ConfigTest, AProblemIsOneLineWhateverItQuotes) {
    const auto problems = problems_of(
        kSmallest + "store: {engine: \"x\\ny\\e[31m\"}\n\"ke\\ry\": 1\n? " +
        std::string(3000, 'k') + "\n: 1\n"
    );
    ASSERT_EQ(problems.size(), 3u);
    EXPECT_THAT(problems[0], HasSubstr("store.engine: \"x\\x0ay\\x1b[31m\" is none of"));
    EXPECT_THAT(problems[1], HasSubstr(": ke\\x0dy: unknown key"));
    EXPECT_LT(problems[2].size(), 400u);
}

TEST(ConfigTest, AKeyIsText) {
    EXPECT_THAT(
        problems_of(
            kSmallest + "accounts:\n  - {id: a, connector: tele, portal: acme, settings: "
                        "{[x]: 1, b: {? {c: d} : 2}}}\n"
        ),
        ElementsAre(
            "t.yaml:5:55: accounts[0].settings: expected text as a key",
            "t.yaml:5:69: accounts[0].settings.b: expected text as a key"
        )
    );
}

TEST(ConfigTest, ASecretComesFromARegularFileOrNotAtAll) {
    for (const char* file : {"/dev/zero", "/", "/nowhere"}) {
        EXPECT_THAT(
            problems_of(kSmallest + "admin: {tokens: [{name: x, token: {file: " + file + "}}]}\n"),
            Contains(HasSubstr(std::string{"file "} + file + " cannot be read or is empty"))
        );
    }
}

TEST(ConfigTest, AReviewIsToldHowSettingsWereWrittenAlsoWhenOtherThingsAreWrong) {
    const auto review = [](Config& config, std::vector<Problem>& problems) {
        const Written& port = config.accounts.at(0).written.at("port");
        EXPECT_EQ(port.text.reveal(), "007");
        EXPECT_FALSE(port.exposed);
        problems.push_back({port.value, "seen", "is the value", false});
        problems.push_back({port.key, "seen", "is the key", true});
    };
    const Loaded loaded = load_text(
        kSmallest +
            "accounts:\n  - {id: a, connector: tele, portal: acme, settings: {port: 007}, x: 1}\n",
        "t.yaml",
        environment,
        review
    );
    EXPECT_FALSE(loaded.config);
    std::vector<std::string> texts;
    for (const Problem& problem : loaded.problems)
        texts.push_back(to_string(problem));
    EXPECT_THAT(
        texts,
        ElementsAre(
            HasSubstr("t.yaml:5:55: warning: seen: is the key"),
            HasSubstr("t.yaml:5:61: seen: is the value"),
            HasSubstr("accounts[0].x: unknown key")
        )
    );
}

TEST(ConfigTest, TellsByFullNameWhatTwoReadingsDoNotShare) {
    const auto reading = [](const std::string& more) {
        return load_text(kSmallest + more, "t.yaml", environment);
    };
    const Loaded before = reading("keep: {media: 1h}\nnetwork: {allow: [10.0.0.0/8]}\n");
    EXPECT_THAT(changed_keys(before.written, before.written), ElementsAre());
    const Loaded after = reading("keep: {media: 2h}\nnetwork: {allow_private: true}\n");
    EXPECT_THAT(
        changed_keys(before.written, after.written),
        ElementsAre("keep.media", "network.allow[0]", "network.allow_private")
    );
}

TEST(ConfigTest, WarnsOfALiteralSecretThatOthersCanRead) {
    const std::string path = testing::TempDir() + "/literal.yaml";
    std::ofstream{path} << kSmallest;
    chmod(path.c_str(), 0644);
    const Loaded open = load(path, environment);
    ASSERT_TRUE(open.config);
    ASSERT_EQ(open.problems.size(), 1u);
    EXPECT_THAT(to_string(open.problems[0]), HasSubstr("warning: portals[0].license_key"));
    chmod(path.c_str(), 0600);
    EXPECT_TRUE(load(path, environment).problems.empty());
}

}  // namespace
}  // namespace trunkline::config
