#pragma once

#include <functional>
#include <memory>
#include <optional>

#include <gtest/gtest.h>

#include "plugins/telegram/simulator/bot_api.hpp"
#include "plugins/telegram/simulator/customer.hpp"
#include "plugins/telegram/simulator/groups.hpp"

namespace trunkline::telegram::simulator::test {

inline constexpr const char* kToken = "777001:AAE-simulated";

inline Parameters from_json(const std::string& body) {
    kit::Request request;
    request.headers = {{"Content-Type", "application/json"}};
    request.body = body;
    auto read = Parameters::read(request);
    EXPECT_TRUE(read) << body;
    return read ? *read : Parameters{};
}

/// What a call was answered, taken apart.
struct Answer {
    int status = 0;
    kit::Headers headers;
    json::value body;

    bool ok() const { return status == 200 && body.at("ok") == true; }
    const json::value& result() const { return body.at("result"); }
    std::string description() const { return std::string{body.at("description").as_string()}; }
};

/// A clock that a test moves.
struct Hands {
    std::int64_t ms = 1'763'800'000'000;
    void advance(std::chrono::milliseconds by) { ms += by.count(); }
};

/// A bot and one customer, Ann (1001), who has written "hi". The loop runs only while the test
/// waits, so that nothing moves in between.
class BotTest : public testing::Test {
protected:
    BotTest() {
        world.add_customer(1001, "Ann", "ann", "en");
        EXPECT_EQ(customer.say({{"user", 1001}, {"text", "hi"}}).index(), 0u);
    }

    static ApiOptions options() {
        ApiOptions out;
        out.tokens = {kToken};
        out.fast = 1'000;
        return out;
    }
    bool turn_until(const std::function<bool()>& done) { return loop.run_until(done); }
    /// Starts a call; the answer is there when it was given.
    std::shared_ptr<std::optional<kit::Response>> begin(
        const std::string& method, const std::string& body = "{}", const std::string& token = kToken
    ) {
        return begin(method, from_json(body), token);
    }
    std::shared_ptr<std::optional<kit::Response>> begin(
        const std::string& method, Parameters parameters, const std::string& token = kToken
    ) {
        auto out = std::make_shared<std::optional<kit::Response>>();
        api.call(token, method, std::move(parameters), [out](kit::Response response) {
            out->emplace(std::move(response));
        });
        return out;
    }
    static Answer answer_of(const kit::Response& response) {
        Answer out;
        out.status = response.status;
        out.headers = response.headers;
        boost::system::error_code bad;
        out.body = json::parse(response.body, bad);
        return out;
    }
    Answer call(
        const std::string& method, const std::string& body = "{}", const std::string& token = kToken
    ) {
        const auto response = begin(method, body, token);
        EXPECT_TRUE(turn_until([&] { return response->has_value(); })) << method;
        return response->has_value() ? answer_of(**response) : Answer{};
    }
    /// The words in which `method` is refused with 400.
    std::string refusal(const std::string& method, const std::string& body) {
        const Answer answer = call(method, body);
        EXPECT_EQ(answer.status, 400) << method << " " << body.substr(0, 200);
        return answer.status == 400 ? answer.description() : std::to_string(answer.status);
    }

    Hands clock;
    kit::Loop loop;
    World world{[this] { return clock.ms; }};
    Updates updates{world};
    kit::Journal journal{""};
    kit::Faults faults;
    kit::Rates rates;
    /// No webhook is asked in these tests: whoever is called takes everything.
    Webhook webhook{
        {loop,
         world,
         updates,
         journal,
         [](const kit::ClientRequest&, const std::function<void(kit::ClientReply)>& done) {
             kit::ClientReply reply;
             reply.status = 200;
             done(std::move(reply));
         },
         1'000,
         {}}};
    Customer customer{world, updates};
    Groups groups{world, updates};
    BotApi api{options(), {loop, world, updates, webhook, faults, journal, rates}};
};

}  // namespace trunkline::telegram::simulator::test
