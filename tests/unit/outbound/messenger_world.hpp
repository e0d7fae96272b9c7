#pragma once

#include <deque>

#include <boost/json.hpp>

#include "host/outbound/messenger.hpp"
#include "tests/unit/world/host_world.hpp"

namespace trunkline::outbound::test {

using lanes::KeyedVerdict;
using trunkline::test::ends;
using trunkline::test::fails;
using trunkline::test::Play;
using Kind = KeyedVerdict::Kind;

/// A web server for files that a command names by address.
class FileServer final : public net::Client {
public:
    net::ClientReply head;  ///< of every answer
    std::deque<std::string> pieces;
    std::vector<net::ClientRequest> requests;
    std::function<void()> before_piece;

    async::Awaitable<net::ClientReply> fetch(net::ClientRequest) override {
        co_return net::ClientReply{};
    }
    async::Awaitable<net::StreamedReply> stream(net::ClientRequest request) override {
        requests.push_back(std::move(request));
        net::StreamedReply reply;
        reply.head = head;
        if (head.status != 0) reply.body = std::make_unique<Body>(pieces, before_piece);
        co_return reply;
    }
    Figures figures() const override { return {}; }

private:
    class Body final : public net::BodySource {
    public:
        Body(std::deque<std::string> pieces, std::function<void()> before)
            : pieces_{std::move(pieces)}, before_{std::move(before)} {}
        std::optional<std::uint64_t> size() const override { return std::nullopt; }
        async::Awaitable<Result<std::string>> read() override {
            if (before_) before_();
            std::string piece;
            if (!pieces_.empty()) {
                piece = std::move(pieces_.front());
                pieces_.pop_front();
            }
            co_return piece;
        }

    private:
        std::deque<std::string> pieces_;
        std::function<void()> before_;
    };
};

/// The messenger of one account, as its lane sees it.
class MessengerWorld : public trunkline::test::HostWorld {
protected:
    MessengerWorld() {
        account->features = features(R"({"*":{"edit":true,"reply":true,"spans":["bold"],
            "buttons":{"rows":5,"per_row":5},"attachments":{"file":{},"image":{}}}})");
        customer_speaks("42");
    }
    static universal::Features features(std::string_view json) {
        auto parsed = universal::Features::parse(json);
        EXPECT_TRUE(parsed) << parsed.error().context;
        return parsed ? *parsed : universal::Features{};
    }

    static universal::Command command(const std::string& text = "hello") {
        universal::Command out;
        out.set_id("c1");
        out.set_type("send");
        out.set_account("acme-telegram");
        out.set_conversation("42");
        out.mutable_message()->set_text(text);
        return out;
    }
    static store::Record record(const universal::Command& command) {
        store::Record out;
        out.sequence = 1;
        out.conversation = command.conversation();
        out.accepted_ms = 1'763'800'000'000;
        out.body = command.SerializeAsString();
        return out;
    }

    /// What the account may call from now on, as a manifest says it; nothing is spent yet.
    void allow(std::string_view manifest) {
        const auto rules = quotas::Rules::parse(boost::json::parse(manifest).as_object());
        ASSERT_TRUE(rules) << rules.error().context;
        account->ledger = std::make_shared<quotas::Ledger>(
            quotas::Ledger::Services{store, pool, clock, account->waits}, account->id
        );
        account->ledger->adopt(*rules, account->connector, nullptr);
        clock.advance(std::chrono::hours{1});  // what begins empty is full
    }
    /// Takes one call of a conversation; false when it would have to wait.
    bool spend(const std::string& conversation) {
        quotas::Ask ask;
        ask.conversation = conversation;
        ask.kind = "direct";
        return run<bool>([&]() -> async::Awaitable<bool> {
            auto turn = co_await account->ledger->take(ask);
            co_return turn && turn->wait.count() == 0;
        });
    }
    /// As the lane tells of what waits.
    void foresee(const std::vector<store::Record>& records) {
        run<bool>([&]() -> async::Awaitable<bool> {
            co_await messenger.foresee(records);
            co_return true;
        });
    }

    KeyedVerdict deliver(const universal::Command& what, std::uint32_t attempt = 1) {
        return run<KeyedVerdict>([&]() -> async::Awaitable<KeyedVerdict> {
            auto verdict = co_await messenger.deliver(record(what), attempt);
            co_return verdict;
        });
    }
    /// What the lane does with a verdict that ends a record: one write.
    void write(store::Batch batch) { EXPECT_TRUE(store.commit_and_wait(std::move(batch))); }

    /// Delivers, writes what the lane would, and says what the portal is told last.
    universal::Event outcome_of(const universal::Command& what, Kind expected) {
        KeyedVerdict verdict = deliver(what);
        EXPECT_EQ(verdict.kind, expected) << verdict.reason << " " << verdict.code;
        write(std::move(verdict.with));
        const auto events = told();
        return events.empty() ? universal::Event{} : events.back();
    }
    static std::vector<std::string> ids(const universal::Event& event) {
        return {event.messages().begin(), event.messages().end()};
    }
    std::string body(std::size_t start) const { return strand->starts.at(start).body; }
    /// Rows under which what has begun is remembered.
    std::optional<std::string> progress() const {
        return row(store::Table::command, "progress/acme-telegram/c1");
    }

    FileServer server;
    Messenger messenger{account, {ground, store, pool, *files, server}};
};

}  // namespace trunkline::outbound::test
