#pragma once

#include <array>
#include <chrono>
#include <functional>
#include <optional>

#include <gtest/gtest.h>

#include "host/async/spawn.hpp"
#include "plugins/telegram/simulator/bot_api.hpp"
#include "plugins/telegram/simulator/customer.hpp"

namespace trunkline::telegram::simulator::test {

inline constexpr const char* kToken = "777001:AAE-simulated";

inline Parameters from_json(const std::string& body) {
    net::RequestHead head;
    const std::array<net::HeaderView, 1> headers{{{"Content-Type", "application/json"}}};
    head.headers = headers;
    auto read = Parameters::read(head, body);
    EXPECT_TRUE(read) << body;
    return read ? *read : Parameters{};
}

/// What a call was answered, taken apart.
struct Answer {
    int status = 0;
    net::Headers headers;
    json::value body;

    bool ok() const { return status == 200 && body.at("ok") == true; }
    const json::value& result() const { return body.at("result"); }
    std::string description() const { return std::string{body.at("description").as_string()}; }
};

/// A client that must not be asked: no webhook is delivered in these tests.
class NoClient final : public net::Client {
public:
    async::Awaitable<net::ClientReply> fetch(net::ClientRequest) override {
        net::ClientReply reply;
        reply.status = 200;
        co_return reply;
    }
    async::Awaitable<net::StreamedReply> stream(net::ClientRequest) override {
        co_return net::StreamedReply{};
    }
    Figures figures() const override { return {}; }
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
    /// Turns the loop until `done`, at most ten seconds.
    bool turn_until(const std::function<bool()>& done) {
        const auto limit = std::chrono::steady_clock::now() + std::chrono::seconds{10};
        while (!done()) {
            if (std::chrono::steady_clock::now() > limit) return false;
            loop.restart();
            loop.run_one_for(std::chrono::milliseconds{20});
        }
        return true;
    }
    /// Starts a call; the answer is there when it was given.
    std::shared_ptr<std::optional<net::Response>> begin(
        const std::string& method, const std::string& body = "{}", const std::string& token = kToken
    ) {
        auto out = std::make_shared<std::optional<net::Response>>();
        async::spawn(
            loop.get_executor(),
            "call",
            [this, out, method, token, parameters = from_json(body)]() -> async::Awaitable<> {
                Parameters mine = parameters;
                auto response = co_await api.call(token, method, std::move(mine));
                out->emplace(std::move(response));
            }
        );
        return out;
    }
    static Answer answer_of(const net::Response& response) {
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

    FakeClock clock;
    async::Loop loop{1};
    NoClient client;
    World world{clock};
    Updates updates{world};
    Journal journal{""};
    Faults faults;
    WebhookSender sender{{loop, world, updates, journal, client, 1'000, {}}};
    Customer customer{world, updates, sender};
    BotApi api{options(), world, updates, sender, faults, journal};
};

}  // namespace trunkline::telegram::simulator::test
