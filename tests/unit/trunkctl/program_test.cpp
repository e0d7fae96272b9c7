// The program itself: its words, its two forms of output, its exit status.
#include <cstdio>
#include <fstream>

#include <gmock/gmock.h>
#include <sys/wait.h>

#include "admin.hpp"

namespace trunkline::trunkctl::test {
namespace {

using testing::HasSubstr;

class ProgramTest : public AdminTest {
protected:
    struct Ran {
        int status = -1;
        std::string said;  ///< both outputs
    };
    static Ran run(const std::string& words) {
        Ran out;
        std::FILE* pipe =
            ::popen(("unset TRUNKLINE_TOKEN; '" TRUNKCTL "' " + words + " 2>&1").c_str(), "r");
        EXPECT_NE(pipe, nullptr);
        if (pipe == nullptr) return out;
        char buffer[4096];
        for (std::size_t got = 0; (got = std::fread(buffer, 1, sizeof buffer, pipe)) > 0;)
            out.said.append(buffer, got);
        const int status = ::pclose(pipe);
        out.status = WIFEXITED(status) ? WEXITSTATUS(status) : -1;
        return out;
    }
    Ran ask(const std::string& words) { return run("--admin " + url() + "/ --token t " + words); }
};

TEST_F(ProgramTest, AListIsATableOrJson) {
    answers(200, R"({"items":[{"id":"acme","state":"ok","waiting":3,"url":"http://p"}]})");
    const Ran table = ask("portals");
    EXPECT_EQ(table.status, 0);
    EXPECT_THAT(table.said, HasSubstr("ID    STATE  WAITING"));
    EXPECT_THAT(table.said, HasSubstr("acme  ok     3"));
    const Ran json = ask("portals --json");
    EXPECT_EQ(json.status, 0);
    EXPECT_EQ(
        json.said,
        R"([{"id":"acme","state":"ok","waiting":3,"url":"http://p"}])"
        "\n"
    );
    EXPECT_EQ(seen()[0].target, "/v1/portals?limit=1000") << "a slash too many does no harm";
    EXPECT_EQ(seen()[0].authorization, "Bearer t");
}

TEST_F(ProgramTest, EachCommandAsksForItsOwn) {
    answers(200, R"({"items":[],"status":"done"})");
    const std::string file = testing::TempDir() + "/portal.json";
    std::ofstream{file} << R"({"url":"u"})";
    const std::vector<std::tuple<std::string, std::string, std::string>> all{
        {"status", "GET /v1/status", ""},
        {"plugins", "GET /v1/plugins?limit=1000", ""},
        {"accounts", "GET /v1/accounts?limit=1000", ""},
        {"accounts resume a/b", "POST /v1/accounts/a%2Fb/resume", "{}"},
        {"portals resume acme", "POST /v1/portals/acme/resume", "{}"},
        {"portals create " + file, "POST /v1/portals", "{\"url\":\"u\"}"},
        {"portals put a/b " + file, "PUT /v1/portals/a%2Fb", "{\"url\":\"u\"}"},
        {"portals change acme - < " + file, "PATCH /v1/portals/acme", "{\"url\":\"u\"}"},
        {"portals remove acme", "DELETE /v1/portals/acme", ""},
        {"portals remove acme --discard", "DELETE /v1/portals/acme?discard=true", ""},
        {"lanes", "GET /v1/lanes?limit=1000", ""},
        {"lanes kick portal/acme/messages",
         "POST /v1/lanes/kick",
         R"({"lane":"portal/acme/messages"})"},
        {"dead-letters --lane a/b", "GET /v1/dead-letters?lane=a%2Fb&limit=1000", ""},
        {"dead-letters show a/b 7", "GET /v1/dead-letters/show?lane=a%2Fb&sequence=7", ""},
        {"dead-letters requeue a/b 7 8",
         "POST /v1/dead-letters/requeue",
         R"({"lane":"a/b","sequences":[7,8]})"},
        {"dead-letters discard a/b --all",
         "POST /v1/dead-letters/discard",
         R"({"lane":"a/b","all":true,"sequences":[]})"},
        {"quarantine", "GET /v1/quarantine?limit=1000", ""},
        {"quarantine show 01A", "GET /v1/quarantine/01A", ""},
        {"quarantine replay 01A", "POST /v1/quarantine/01A/replay", "{}"},
        {"license rotate acme", "POST /v1/portals/acme/license/rotate", "{}"},
        {"audit", "GET /v1/audit?limit=1000", ""},
    };
    for (const auto& [words, asked, body] : all) {
        const std::size_t before = seen().size();
        EXPECT_EQ(ask(words).status, 0) << words;
        ASSERT_EQ(seen().size(), before + 1) << words;
        EXPECT_EQ(seen().back().method + " " + seen().back().target, asked) << words;
        EXPECT_EQ(seen().back().body, body) << words;
    }
}

TEST_F(ProgramTest, WhatFailsIsSaidAndTheStatusTells) {
    answers(401, R"({"detail":"a bearer token is needed"})");
    const Ran refused = ask("lanes");
    EXPECT_EQ(refused.status, 1);
    EXPECT_EQ(refused.said, "trunkctl: status 401: a bearer token is needed\n");
    const Ran nobody = run("--admin http://127.0.0.1:1 status");
    EXPECT_EQ(nobody.status, 1);
    EXPECT_THAT(nobody.said, HasSubstr("trunkctl: http://127.0.0.1:1: "));
    answers(200, "{}");
    EXPECT_EQ(ask("lanes").status, 1);
}

TEST_F(ProgramTest, WordsItDoesNotKnowAreRefusedWithTheirUse) {
    answers(200, "{}");
    for (const char* words :
         {"",
          "bogus",
          "status now",
          "lanes stop x",
          "portals create",
          "portals put acme",
          "portals remove acme --all",
          "lanes pause",
          "dead-letters requeue x",
          "dead-letters requeue x y",
          "quarantine show",
          "license",
          "license derive",
          "plugins bogus",
          "plugins sign",
          "plugins sign a.so",
          "plugins sign a.so --key",
          "plugins sign a.so b.pem",
          "plugins sign a.so --key b.pem c.so",
          "plugins verify --key --key a.so",
          "--json"}) {
        const Ran ran = ask(words);
        EXPECT_EQ(ran.status, 2) << words;
        EXPECT_THAT(ran.said, HasSubstr("usage: trunkctl")) << words;
    }
    EXPECT_TRUE(seen().empty());
}

TEST_F(ProgramTest, AKeyIsMadeAndDerivedWithoutAHost) {
    const Ran made = run("--admin http://127.0.0.1:1 license new");
    EXPECT_EQ(made.status, 0);
    ASSERT_EQ(made.said.size(), 48u) << made.said;
    EXPECT_TRUE(made.said.starts_with("tlk_"));
    EXPECT_NE(run("license new").said, made.said);

    const Ran derived = run("--json license derive " + made.said.substr(0, 47));
    EXPECT_EQ(derived.status, 0);
    EXPECT_EQ(boost::json::parse(derived.said).as_object().size(), 4u) << derived.said;
    const Ran wrong = run("license derive tlk_short");
    EXPECT_EQ(wrong.status, 1);
    EXPECT_EQ(wrong.said.find("tlk_short"), std::string::npos) << "a key is not repeated";
}

TEST_F(ProgramTest, AConnectorIsSignedAndVerifiedWithoutAHost) {
    const Ran wrong = run("plugins sign /nowhere/a.so --key /nowhere/k.pem");
    EXPECT_EQ(wrong.status, 1);
    EXPECT_EQ(wrong.said, "trunkctl: /nowhere/k.pem cannot be read: No such file or directory\n");
    const Ran unsigned_one =
        run("plugins verify --key "
            "11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo= " TRUNKLINE_GOOD_CONNECTOR);
    EXPECT_EQ(unsigned_one.status, 1);
    EXPECT_THAT(unsigned_one.said, HasSubstr("is not signed: there is no "));
}

}  // namespace
}  // namespace trunkline::trunkctl::test
