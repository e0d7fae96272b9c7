#include "host/plugins/remarks.hpp"

#include <boost/json/parse.hpp>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace trunkline::plugins {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

std::vector<std::string> remarks(const char* manifest) {
    std::vector<std::string> out;
    for (const Remark& remark : remarks_on(boost::json::parse(manifest).as_object()))
        out.push_back(remark.member + ": " + remark.text);
    return out;
}

TEST(RemarksTest, AManifestThatIsServedAsItStandsGetsNone) {
    EXPECT_THAT(remarks("{}"), IsEmpty());
    EXPECT_THAT(
        remarks(R"({
            "settings": [{"key": "a", "type": "choice", "title": "A", "help": "", "default": "x",
                          "choices": ["x"], "max": 1, "secret": false, "required": true}],
            "receive": ["webhook", "poll"], "poll": {"every": "1s"},
            "redelivery_window": "48h", "check_every": "1h", "features": {"*": {"anything": 1}},
            "limits": [{"scope": "chat", "rate": 1, "per": "1s", "burst": 1, "kinds": ["group"]}],
            "quotas": [{"bucket": "b", "scope": "account", "rate": 1, "per": "1h", "burst": 1}],
            "media": {"copy_before": "72h"}, "profile": {"every": "24h"}})"),
        IsEmpty()
    );
}

TEST(RemarksTest, SaysWhatThisVersionDoesNotServe) {
    EXPECT_THAT(
        remarks(R"({"accept": {}, "idempotent": true, "poll": {"jitter": "5s"}})"),
        ElementsAre(
            "idempotent: not served in this version", "poll.jitter: not served in this version"
        )
    );
}

TEST(RemarksTest, NamesWhatNobodyKnowsWithTheNearestThatIsKnown) {
    EXPECT_THAT(
        remarks(R"({"setings": [], "poll": {"evry": "1s"}, "settings": [{"kee": "a"}],
                    "limits": [{"scop": "chat"}], "quotas": [{"bukket": "b"}],
                    "zzzzzzzzzz": 1})"),
        ElementsAre(
            R"(setings: unknown; did you mean "settings"?)",
            "zzzzzzzzzz: unknown",
            R"(settings[0].kee: unknown; did you mean "key"?)",
            R"(limits[0].scop: unknown; did you mean "scope"?)",
            R"(quotas[0].bukket: unknown; did you mean "bucket"?)",
            R"(poll.evry: unknown; did you mean "every"?)"
        )
    );
}

TEST(RemarksTest, WhatAConnectorWroteCannotBreakALine) {
    EXPECT_THAT(remarks("{\"q\\n\\\"uuuuuuuuuu\": 1}"), ElementsAre("q??uuuuuuuuuu: unknown"));
    std::string many = "{";
    for (int i = 0; i < 100; ++i)
        many += "\"unknown_" + std::to_string(i) + "\": 1,";
    many.back() = '}';
    EXPECT_EQ(remarks(many.c_str()).size(), 32u);
}

}  // namespace
}  // namespace trunkline::plugins
