// What tests and the page ask of any simulator.
#include "trunkline/simulator/control.hpp"

#include <stdexcept>

#include <gmock/gmock.h>

namespace trunkline::simulator {
namespace {

using testing::HasSubstr;

class PlainWords final : public Words {
public:
    Response answer(const json::value& result) const override { return Response::of_json(result); }
    Response refuse(const Refusal& refusal) const override {
        return Response::of_json(json::object{{"error", refusal.description}}, refusal.code);
    }
    Refusal revoked() const override { return {401, "revoked", {}}; }
    Refusal too_many(std::int64_t seconds) const override {
        return {429, "wait " + std::to_string(seconds), {}};
    }
    Refusal server_error(int code) const override { return {code, "broken", {}}; }
    Refusal wrong(const Finding& finding) const override { return {400, finding.path, {}}; }
};

class ControlTest : public testing::Test {
protected:
    Response ask(const std::string& method, const std::string& path, const std::string& body = "") {
        Request request;
        request.method = method;
        request.path = path;
        request.body = body;
        return control.handle(request);
    }
    Response call(const std::string& method) {
        std::optional<Response> out;
        calls.call(method, Parameters{}, {}, [&out](Response response) {
            out.emplace(std::move(response));
        });
        EXPECT_TRUE(loop.run_until([&] { return out.has_value(); }));
        return out.value_or(Response{});
    }
    Loop loop;
    Faults faults;
    Journal journal{""};
    Rates rates;
    Files files;
    PlainWords words;
    int done = 0;
    Calls calls{
        {loop, faults, journal, words, [] { return std::int64_t{7}; }},
        [this](const std::string& method, const Parameters&, const Done& answer) {
            if (method == "throws") throw std::out_of_range{"no such thing"};
            ++done;
            answer(json::value(json::object{{"did", method}}));
        }};
    Control control{
        {loop, faults, journal, rates, files, calls},
        {"Acme",
         "Simulated Acme",
         "#123456",
         "Shop",
         "shop",
         1'000,
         {"text"},
         {"typing"},
         {{"👍", "yes"}}}};
};

TEST_F(ControlTest, AbilitiesAreWhatThePageIsMadeOf) {
    EXPECT_EQ(
        ask("GET", "/control/abilities").body,
        R"({"messenger":"Acme","title":"Simulated Acme","color":"#123456",)"
        R"("business":{"name":"Shop","username":"shop"},"file_bytes_max":1000,"customer_can":["text"],)"
        R"("shows":["typing"],"stickers":[{"emoji":"👍","name":"yes"}]})"
    );
    const Response page = ask("GET", "/");
    EXPECT_EQ(page.status, 200);
    EXPECT_THAT(page.body, HasSubstr("<html"));
    EXPECT_TRUE(control.takes("/"));
    EXPECT_TRUE(control.takes("/control/anything"));
    EXPECT_FALSE(control.takes("/other"));
}

TEST_F(ControlTest, EveryCallIsInTheJournalWithItsFault) {
    EXPECT_EQ(call("a").body, R"({"did":"a"})");
    EXPECT_EQ(
        ask("POST", "/control/faults", R"({"method":"b","action":"drop_after"})").status, 200
    );
    EXPECT_EQ(call("b").status, 0);
    EXPECT_EQ(done, 2) << "it was done, and the answer lost";
    EXPECT_EQ(
        ask("POST", "/control/faults", R"({"method":"b","action":"drop_before"})").status, 200
    );
    EXPECT_EQ(call("b").status, 0);
    EXPECT_EQ(done, 2);
    const json::value log = json::parse(ask("GET", "/control/log").body);
    ASSERT_EQ(log.as_array().size(), 3u);
    EXPECT_EQ(log.at(0).at("kind"), "call");
    EXPECT_EQ(log.at(0).at("at"), 7);
    EXPECT_EQ(log.at(0).at("result").at("did"), "a");
    EXPECT_EQ(log.at(1).at("fault"), "drop_after");
    EXPECT_EQ(log.at(2).at("fault"), "drop_before");
}

TEST_F(ControlTest, AMethodThatThrowsIsTheMessengersServerError) {
    const Response response = call("throws");
    EXPECT_EQ(response.status, 500);
    EXPECT_EQ(response.body, R"({"error":"broken"})");
    const json::value log = json::parse(ask("GET", "/control/log").body);
    ASSERT_EQ(log.as_array().size(), 1u);
    EXPECT_EQ(log.at(0).at("refused"), "broken");
    EXPECT_EQ(log.at(0).at("threw"), "no such thing");
    EXPECT_EQ(call("a").status, 200);
}

TEST_F(ControlTest, TheJournalForgetsTheOldestWhenItGrowsTooLarge) {
    constexpr std::size_t kPiece = 64U << 20U;
    for (int i = 0; i < 5; ++i)
        journal.write("call", {{"text", std::string(kPiece, 'a')}}, 0);
    const json::array kept = journal.after(0, 10);
    ASSERT_EQ(kept.size(), 3u);
    EXPECT_EQ(kept[0].at("sequence"), 3);
    EXPECT_EQ(kept[2].at("sequence"), 5);
}

TEST_F(ControlTest, FaultsSpeakTheMessengersWords) {
    ask("POST", "/control/faults", R"({"action":"429","retry_after":9})");
    ask("POST", "/control/faults", R"({"action":"5xx","code":503})");
    ask("POST", "/control/faults", R"({"action":"html"})");
    ask("POST", "/control/faults", R"({"action":"unknown_field"})");
    EXPECT_EQ(json::parse(ask("GET", "/control/faults").body).as_array().size(), 4u);
    EXPECT_EQ(call("a").body, R"({"error":"wait 9"})");
    EXPECT_EQ(call("a").status, 503);
    EXPECT_EQ(find_header(call("a").headers, "Content-Type"), "text/html");
    EXPECT_THAT(call("a").body, HasSubstr("made_up_member"));
    EXPECT_EQ(call("a").body, R"({"did":"a"})");
}

TEST_F(ControlTest, ARevokedTokenIsGoodAgainWhenFaultsAreCleared) {
    ask("POST", "/control/faults", R"({"action":"token_revoked"})");
    EXPECT_EQ(call("a").status, 401);
    EXPECT_EQ(call("a").status, 401);
    EXPECT_EQ(ask("DELETE", "/control/faults").status, 200);
    EXPECT_EQ(call("a").status, 200);
    ask("POST", "/control/token", R"({"revoked":true})");
    EXPECT_EQ(call("a").status, 401);
    ask("POST", "/control/token", R"({"revoked":false})");
    EXPECT_EQ(call("a").status, 200);
}

TEST_F(ControlTest, AMessengerAddsItsOwn) {
    control.on_post("say", [](const json::object& body) {
        if (!body.contains("text")) throw Wrong{"text is missing"};
        return json::value(body.at("text").as_string());
    });
    control.on_get("chats", [](std::string_view rest, std::string_view) {
        if (rest == "gone") throw Wrong{"no such chat", 404};
        return json::value(rest);
    });
    control.on_post(
        "begin", [](const json::object&) { return json::value(true); }, 202
    );
    EXPECT_EQ(ask("POST", "/control/begin", "{}").status, 202);
    EXPECT_EQ(ask("POST", "/control/say", R"({"text":"a"})").body, "\"a\"");
    EXPECT_EQ(ask("POST", "/control/say", "{}").body, R"({"error":"text is missing"})");
    EXPECT_EQ(ask("POST", "/control/say", R"({"text":5})").status, 400) << "another type";
    EXPECT_EQ(ask("POST", "/control/say", "[]").status, 400);
    EXPECT_EQ(ask("PUT", "/control/say", "{}").status, 400);
    EXPECT_EQ(ask("POST", "/control/nothing", "{}").status, 404);
    EXPECT_EQ(ask("GET", "/control/chats/5/messages").body, "\"5/messages\"");
    EXPECT_EQ(ask("GET", "/control/chats/gone").status, 404);
    EXPECT_EQ(ask("GET", "/control/nothing").status, 404);
}

TEST_F(ControlTest, AStrangersFileNeverBecomesAPage) {
    File file;
    file.id = "a";
    file.path = "a";
    file.bytes = "<script>";
    const auto type_of = [&](const std::string& kind, const std::string& mime) {
        file.kind = kind;
        file.mime = mime;
        files.add(file);
        const Response response = ask("GET", "/control/files/a");
        EXPECT_EQ(find_header(response.headers, "X-Content-Type-Options"), "nosniff");
        EXPECT_EQ(
            find_header(response.headers, "Content-Security-Policy"), "default-src 'none'; sandbox"
        );
        const bool shown = find_header(response.headers, "Content-Disposition") == "inline";
        EXPECT_NE(
            shown, find_header(response.headers, "Content-Type") == "application/octet-stream"
        );
        return std::string{find_header(response.headers, "Content-Type")};
    };
    EXPECT_EQ(type_of("photo", ""), "image/png");
    EXPECT_EQ(type_of("photo", "image/webp"), "image/webp");
    EXPECT_EQ(type_of("voice", "audio/ogg"), "audio/ogg");
    EXPECT_EQ(type_of("photo", "text/html"), "image/png");
    EXPECT_EQ(type_of("document", "IMAGE/JPEG"), "image/jpeg");
    for (const char* mime :
         {"text/html",
          "image/svg+xml",
          "image/SVG+XML",
          "image/bmp",
          "image/png\r\nX-Evil: 1",
          "application/pdf"})
        EXPECT_EQ(type_of("document", mime), "application/octet-stream") << mime;
    EXPECT_EQ(type_of("photo", "image/Svg+xml"), "application/octet-stream");
    EXPECT_EQ(ask("GET", "/control/files/b").status, 404);
}

TEST_F(ControlTest, EverythingIsForgotten) {
    bool cleared = false;
    control.on_clear([&] { cleared = true; });
    ask("POST", "/control/rates", R"({"on":true})");
    EXPECT_TRUE(rates.on);
    File file;
    file.id = "a";
    files.add(file);
    ask("POST", "/control/faults", R"({"action":"5xx"})");
    EXPECT_EQ(ask("DELETE", "/control/state").status, 200);
    EXPECT_TRUE(cleared);
    EXPECT_EQ(files.find("a"), nullptr);
    EXPECT_EQ(call("a").status, 200);
    EXPECT_EQ(ask("DELETE", "/control/users").status, 404);
}

}  // namespace
}  // namespace trunkline::simulator
