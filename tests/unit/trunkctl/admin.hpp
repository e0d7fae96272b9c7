#pragma once

#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include <boost/json.hpp>
#include <gtest/gtest.h>
#include <spdlog/spdlog.h>

#include "host/net/server.hpp"

namespace trunkline::trunkctl::test {

/// A real HTTP server in the place of the host's admin side, answering as a test says.
class AdminTest : public testing::Test {
protected:
    struct Seen {
        std::string method, target, authorization, body;
    };
    using Answer = std::function<net::Response(const Seen&)>;

    AdminTest() {
        spdlog::set_level(spdlog::level::off);
        net::Listen where;
        where.address = "127.0.0.1:0";
        auto listening = net::listen(loops, where, {}, clock, handler);
        EXPECT_TRUE(listening) << listening.error().context;
        server = *std::move(listening);
        loops.start();
    }
    ~AdminTest() override {
        server->stop_accepting();
        loops.stop();
    }
    std::string url() const { return "http://127.0.0.1:" + std::to_string(server->port()); }
    void answers(Answer answer) {
        const std::lock_guard lock{handler.mutex};
        handler.answer = std::move(answer);
    }
    void answers(int status, std::string body) {
        answers([status, body](const Seen&) {
            net::Response response;
            response.status = status;
            response.headers.push_back({"Content-Type", "application/json"});
            response.body = body;
            return response;
        });
    }
    std::vector<Seen> seen() {
        const std::lock_guard lock{handler.mutex};
        return handler.seen;
    }

private:
    struct Handler final : net::Handler {
        net::BodyPlan plan(const net::RequestHead&) override {
            net::BodyPlan plan;
            plan.bytes_max = 1U << 20U;
            return plan;
        }
        async::Awaitable<net::Response> handle(net::Request request) override {
            Seen one{
                std::string{request.head.method},
                std::string{request.head.target},
                std::string{request.head.header("Authorization")},
                request.body};
            const std::lock_guard lock{mutex};
            seen.push_back(one);
            co_return answer(one);
        }
        std::mutex mutex;  // guards seen
        std::vector<Seen> seen;
        Answer answer;
    };

    SystemClock clock;
    Handler handler;
    async::Loops loops{1};
    std::unique_ptr<net::Server> server;
};

}  // namespace trunkline::trunkctl::test
