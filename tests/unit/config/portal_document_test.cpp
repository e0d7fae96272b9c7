#include "host/config/portal_document.hpp"

#include <fstream>

#include <boost/json.hpp>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace trunkline::config {
namespace {

namespace json = boost::json;
using testing::HasSubstr;

constexpr const char* kLicense = "tlk_AwoRGB8mLTQ7QklQV15lbHN6gYiPlp2kq7K5wMfO1dw";

json::object smallest() {
    return {{"id", "shop"}, {"url", "http://127.0.0.1:9000/e"}, {"license_key", kLicense}};
}

/// What is wrong with the smallest portal when `more` is in it; "" = nothing.
std::string wrong_with(const json::object& more) {
    json::object document = smallest();
    for (const auto& [name, value] : more)
        document[name] = value;
    const auto portal = portal_of(document);
    return portal ? "" : portal.error().context;
}

TEST(PortalDocumentTest, HasTheDefaultsOfTheConfiguration) {
    const auto portal = portal_of(smallest());
    ASSERT_TRUE(portal) << portal.error().context;
    EXPECT_EQ(portal->id, "shop");
    EXPECT_EQ(portal->license_key.reveal(), kLicense);
    EXPECT_TRUE(portal->encrypt);
    ASSERT_EQ(portal->lanes.size(), 2u);
    EXPECT_EQ(portal->lanes[1].name, "presence");
}

TEST(PortalDocumentTest, TakesJsonForWhatItIs) {
    json::object document = smallest();
    document["encrypt"] = false;
    document["limits"] = {{"events_per_second", 7}, {"media_bytes", "2MiB"}};
    document["lanes"] = {
        {{"name", "all"}, {"order", "keyed"}, {"streams", 3}, {"retry", {{"first", "2s"}}}}};
    document["warn_url"] = "http://127.0.0.1/\xC3\xA4?a=b#c:d,{e}";
    const auto portal = portal_of(document);
    ASSERT_TRUE(portal) << portal.error().context;
    EXPECT_FALSE(portal->encrypt);
    EXPECT_EQ(portal->limits.events_per_second, 7u);
    EXPECT_EQ(portal->limits.media_bytes, 2u << 20U);
    EXPECT_EQ(portal->lanes.at(0).streams, 3u);
    EXPECT_EQ(portal->lanes.at(0).retry.first, std::chrono::seconds{2});
}

TEST(PortalDocumentTest, HasNothingOfThisHostInIt) {
    EXPECT_THAT(wrong_with({{"url", "http://${HOME}/"}}), HasSubstr("url: holds \"${\""));
    EXPECT_THAT(
        wrong_with({{"license_key", "$\xEE\x80\x80HOME\xEE\x80\x81"}}),
        HasSubstr("license_key: is not a license key")
    );
    const std::string file = testing::TempDir() + "/license";
    std::ofstream{file} << kLicense << '\n';
    EXPECT_THAT(
        wrong_with({{"license_key", {{"file", file}}}}), HasSubstr("license_key: expected text")
    );
}

TEST(PortalDocumentTest, TellsAllThatIsWrongByItsName) {
    const std::string said = wrong_with({{"encrypt", 7}, {"lane", 1}, {"limits", {{"x", 1}}}});
    EXPECT_THAT(said, HasSubstr("encrypt: "));
    EXPECT_THAT(said, HasSubstr("lane: unknown key; did you mean \"lanes\"?"));
    EXPECT_THAT(said, HasSubstr("limits.x: unknown key"));
    json::object many;
    for (int i = 0; i < 1'000; ++i)
        many["k" + std::to_string(i)] = i;
    EXPECT_THAT(wrong_with(many), testing::EndsWith("; and more"));
    EXPECT_LT(wrong_with(many).size(), 64u << 10U);
}

TEST(PortalDocumentTest, ContradictionsAreToldWhereTheyAre) {
    const auto lane = [](json::object more) {
        more["name"] = "messages";
        return json::object{{"lanes", {std::move(more)}}, {"limits", {{"waiting_bytes", "1MiB"}}}};
    };
    EXPECT_THAT(
        wrong_with(lane({{"batch", {{"max_bytes", "2MiB"}}}})),
        HasSubstr("lanes[0].batch.max_bytes: is larger than limits.waiting_bytes")
    );
    EXPECT_THAT(
        wrong_with(lane({{"retention", "1s"}, {"batch", {{"linger", "1s"}}}})),
        HasSubstr("lanes[0].batch.linger: is not shorter than retention")
    );
    EXPECT_EQ(wrong_with(lane({})), "");
}

TEST(PortalDocumentTest, AMemberThatStandsTwiceIsTold) {
    const auto said = [](std::string_view text) {
        const auto read = read_document(text);
        return read ? std::string{} : read.error().context;
    };
    EXPECT_EQ(said(R"({"a":1,"b":{"a":2},"c":[{"a":1},{"a":2}]})"), "");
    EXPECT_EQ(said(R"({"a":"a","b":"a\"b\\"})"), "") << "texts are no members";
    EXPECT_EQ(said(R"({"a":1,"a":2})"), "a: is written twice");
    EXPECT_EQ(said(R"({"a":{"b":1,"\u0062":2}})"), "a.b: is written twice");
    EXPECT_EQ(said(R"({"l":[1,{"a":[],"b":{},"a":1}]})"), "l[1].a: is written twice");
    for (const char* other : {"", "[]", "7", "{", "{\"a\":1} x", "a: b", "{a: b}"})
        EXPECT_EQ(said(other), "the body is not a JSON object") << other;
}

TEST(PortalDocumentTest, IsPatchedMemberByMember) {
    json::object document = smallest();
    document["limits"] = {{"media_bytes", "2MiB"}, {"events_per_second", 7}};
    document["lanes"] = {{{"name", "a"}}};
    merge(
        document,
        {{"limits", {{"media_bytes", nullptr}, {"commands_per_second", 3}}},
         {"lanes", {{{"name", "b"}}}},
         {"encrypt", false},
         {"url", nullptr}}
    );
    EXPECT_EQ(
        json::serialize(document["limits"]), R"({"events_per_second":7,"commands_per_second":3})"
    );
    EXPECT_EQ(json::serialize(document["lanes"]), R"([{"name":"b"}])");
    EXPECT_FALSE(document["encrypt"].as_bool());
    EXPECT_FALSE(document.contains("url"));
    merge(document, {{"limits", nullptr}});
    EXPECT_FALSE(document.contains("limits"));
}

}  // namespace
}  // namespace trunkline::config
