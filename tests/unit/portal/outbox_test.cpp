// An operator's answer: never lost, never sent twice under two ids, in the order it was written.
#include "portal/wire/outbox.hpp"

#include <deque>

#include "host/async/loops.hpp"
#include "host/async/spawn.hpp"
#include "portal/desk/compose.hpp"
#include "portal/store/files.hpp"
#include "portal/wire/host_client.hpp"
#include "portal/wire/uploads.hpp"
#include "tests/unit/portal/support.hpp"

namespace trunkline::portal::test {
namespace {

using Kind = wire::HostAnswer::Kind;
using Ids = std::vector<std::string>;

/// A host with behaviour: accepts everything unless told otherwise, and remembers what it was
/// asked.
class FakeHost final : public wire::HostDoor {
public:
    async::Awaitable<wire::HostAnswer> send(json::array commands) override {
        requests.emplace_back();
        for (const auto& command : commands)
            requests.back().push_back(text_of(command.as_object(), "id"));
        last = commands;
        wire::HostAnswer answer;
        answer.kind = Kind::answered;
        if (!troubles.empty()) {
            answer.kind = troubles.front();
            troubles.pop_front();
        }
        if (answer.kind != Kind::answered) co_return answer;
        for (const auto& command : commands) {
            const auto id = text_of(command.as_object(), "id");
            wire::CommandResult result;
            result.id = id;
            result.accepted = !refuse.contains(id);
            result.code = "conversation_not_started";
            if (text_of(command.as_object(), "type") == "media") {
                result.answer["media"] =
                    json::object{{"id", "media-1"}, {"put", "http://127.0.0.1/v1/uploads/t"}};
            }
            if (!silent_about.contains(id)) answer.results.push_back(std::move(result));
        }
        co_return answer;
    }

    async::Awaitable<Result<void>> put(wire::PutFile file) override {
        puts.push_back(file.path);
        if (put_failures > 0) {
            --put_failures;
            co_return Error{Fault::unavailable, "cut"};
        }
        co_return Result<void>{};
    }

    std::deque<Kind> troubles;
    std::set<std::string> refuse, silent_about;
    std::vector<Ids> requests;
    json::array last;
    Ids puts;
    int put_failures = 0;
};

class OutboxTest : public ::testing::Test {
protected:
    OutboxTest() {
        auto opened = store::Store::open(folder_.file("portal.db"));
        EXPECT_TRUE(opened) << opened.error().context;
        store_ = *std::move(opened);
        loops_.start();
        write([](store::Database& database) { keep_in(database); });
        outbox_ = std::make_unique<wire::Outbox>(loops_.at(0), *store_, host_, clock_, [this] {
            ++told_;
        });
        uploads_ =
            std::make_unique<wire::Uploads>(loops_.at(0), "/files", *store_, host_, clock_, [] {});
    }
    ~OutboxTest() override { loops_.stop(); }

    static void keep_in(store::Database& database) {
        auto batch = wire::parse_batch(batch_text(1, {message(1, "hi")}));
        EXPECT_TRUE(store::keep_batch(database, batch->content, store::LaneKind::guaranteed, kNow));
    }

    void write(std::function<void(store::Database&)> work) {
        async::run_and_wait(loops_.at(0).get_executor(), "write", [&]() -> async::Awaitable<> {
            auto job = [&work](store::Database& database) -> Result<int> {
                work(database);
                return 0;
            };
            auto done = co_await store_->write(std::move(job));
            EXPECT_TRUE(done);
        });
    }

    std::string say(const std::string& text, std::vector<std::string> files = {}) {
        std::string command;
        write([&](store::Database& database) {
            desk::Draft draft;
            draft.text = text;
            draft.files = files;
            auto composed = desk::compose(database, 1, draft, clock_.wall_ms());
            ASSERT_TRUE(composed) << composed.error().context;
            message_ = composed->message;
            auto row =
                database.query("SELECT command FROM messages WHERE id = ?", composed->message);
            ASSERT_TRUE(row.step());
            command = row.text(0);
        });
        return command;
    }

    wire::Outbox::Round round() {
        auto result = wire::Outbox::Round::idle;
        async::run_and_wait(loops_.at(0).get_executor(), "round", [&]() -> async::Awaitable<> {
            result = co_await outbox_->send_round();
        });
        return result;
    }

    wire::Uploads::Round upload() {
        auto result = wire::Uploads::Round::idle;
        async::run_and_wait(loops_.at(0).get_executor(), "upload", [&]() -> async::Awaitable<> {
            result = co_await uploads_->upload_round();
        });
        return result;
    }

    std::string state() {
        std::string found;
        write([&](store::Database& database) {
            found = text_of(*store::message_view(database, message_), "state");
        });
        return found;
    }

    Folder folder_;
    FakeClock clock_;
    FakeHost host_;
    async::Loops loops_{1};
    std::unique_ptr<store::Store> store_;
    std::unique_ptr<wire::Outbox> outbox_;
    std::unique_ptr<wire::Uploads> uploads_;
    std::int64_t message_ = 0;
    int told_ = 0;
};

TEST_F(OutboxTest, SendsWhatWaitsInTheOrderItWasWritten) {
    const auto first = say("one");
    const auto second = say("two");

    EXPECT_EQ(round(), wire::Outbox::Round::progress);

    EXPECT_EQ(host_.requests, (std::vector<Ids>{{first, second}}));
    EXPECT_EQ(state(), "accepted");
    EXPECT_EQ(round(), wire::Outbox::Round::idle);
    EXPECT_EQ(host_.requests.size(), 1U) << "an accepted command is not sent again";
}

TEST_F(OutboxTest, TriesAgainWithTheSameIdWhateverTheTrouble) {
    const auto id = say("one");
    host_.troubles = {Kind::nothing_arrived, Kind::may_have_arrived};

    EXPECT_EQ(round(), wire::Outbox::Round::trouble);
    EXPECT_EQ(round(), wire::Outbox::Round::trouble);
    EXPECT_EQ(state(), "saved");
    EXPECT_EQ(round(), wire::Outbox::Round::progress);

    EXPECT_EQ(host_.requests, (std::vector<Ids>{{id}, {id}, {id}}));
    EXPECT_EQ(state(), "accepted");
}

TEST_F(OutboxTest, ARefusalIsFinalAndSpoilsNoOther) {
    const auto refused = say("one");
    say("two");
    host_.refuse = {refused};

    round();

    EXPECT_EQ(state(), "accepted");
    EXPECT_EQ(round(), wire::Outbox::Round::idle);
    write([&](store::Database& database) {
        auto row = database.query("SELECT state, detail FROM messages WHERE command = ?", refused);
        ASSERT_TRUE(row.step());
        EXPECT_EQ(row.text(0), "failed");
        EXPECT_NE(row.text(1).find("conversation_not_started"), std::string::npos);
    });
}

TEST_F(OutboxTest, WhatTheAnswerLeavesOutStaysWaiting) {
    const auto first = say("one");
    const auto second = say("two");
    host_.silent_about = {second};

    round();
    host_.silent_about.clear();
    round();

    EXPECT_EQ(host_.requests, (std::vector<Ids>{{first, second}, {second}}));
}

TEST_F(OutboxTest, FindsTheOneTheHostDoesNotUnderstand) {
    const auto first = say("one");
    const auto second = say("two");
    host_.troubles = {Kind::not_understood, Kind::not_understood};

    round();
    round();
    round();

    EXPECT_EQ(host_.requests, (std::vector<Ids>{{first, second}, {first}, {second}}));
    EXPECT_EQ(state(), "accepted");
}

TEST_F(OutboxTest, GivesUpAfterADayAndSaysWhetherItMayHaveArrived) {
    say("one");
    clock_.advance(std::chrono::hours{24});
    EXPECT_EQ(round(), wire::Outbox::Round::idle);
    EXPECT_EQ(state(), "failed");
    EXPECT_TRUE(host_.requests.empty());

    say("two");
    host_.troubles = {Kind::may_have_arrived};
    round();
    clock_.advance(std::chrono::hours{24});
    round();

    EXPECT_EQ(state(), "unknown");
}

TEST_F(OutboxTest, WaitingCommandsSurviveARestart) {
    const auto id = say("one");
    store_.reset();
    auto opened = store::Store::open(folder_.file("portal.db"));
    ASSERT_TRUE(opened);
    store_ = *std::move(opened);
    outbox_ = std::make_unique<wire::Outbox>(loops_.at(0), *store_, host_, clock_, [] {});

    EXPECT_EQ(round(), wire::Outbox::Round::progress);
    EXPECT_EQ(host_.requests, (std::vector<Ids>{{id}}));
}

TEST_F(OutboxTest, PausesGrowAndStayBelowAMinuteAndAFifth) {
    auto last = std::chrono::milliseconds{0};
    for (int at = 0; at < 20; ++at)
        last = outbox_->pause();

    EXPECT_GE(last, std::chrono::milliseconds{48'000});
    EXPECT_LE(last, std::chrono::milliseconds{72'000});
}

TEST_F(OutboxTest, AMessageWaitsForItsFileAndNamesTheHostsId) {
    write([&](store::Database& database) {
        store::add_file(database, {"FILE1", "a.jpg", "image/jpeg", "00ff", 5}, clock_.wall_ms());
    });
    const auto with_file = say("look", {"FILE1"});
    host_.put_failures = 1;

    EXPECT_EQ(round(), wire::Outbox::Round::idle) << "not before the file is at the host";
    EXPECT_EQ(upload(), wire::Uploads::Round::trouble);
    EXPECT_EQ(upload(), wire::Uploads::Round::progress);
    EXPECT_EQ(round(), wire::Outbox::Round::progress);

    EXPECT_EQ(host_.puts, (Ids{"/files/FILE1", "/files/FILE1"}));
    const auto& message = object_of(host_.last.at(0).as_object(), "message");
    const auto& attachment = array_of(message, "attachments").at(0).as_object();
    EXPECT_EQ(text_of(attachment, "media"), "media-1");
    EXPECT_FALSE(attachment.contains("file"));
    EXPECT_EQ(text_of(host_.last.at(0).as_object(), "id"), with_file);
}

TEST_F(OutboxTest, TheSameAttemptOfABrowserMakesOneMessage) {
    write([&](store::Database& database) {
        desk::Draft draft;
        draft.text = "once";
        draft.client = "c1";
        const auto first = desk::compose(database, 1, draft, kNow);
        const auto second = desk::compose(database, 1, draft, kNow);
        ASSERT_TRUE(first);
        ASSERT_TRUE(second);
        EXPECT_EQ(first->message, second->message);
        EXPECT_TRUE(second->repeated);
        EXPECT_EQ(store::waiting_commands(database, 10).size(), 1U);
    });
}

TEST(HostAnswerTest, ReadsWhatTheHostSays) {
    net::ClientReply reply;
    reply.status = 202;
    reply.body = R"({"results":[{"id":"a","status":"accepted"},
        {"id":"b","status":"rejected","error":{"code":"expired","message":"late"}},{"id":"c","status":"purple"}]})";

    const auto answer = wire::read_answer(reply);

    ASSERT_EQ(answer.kind, Kind::answered);
    ASSERT_EQ(answer.results.size(), 2U) << "a word nobody knows is no decision";
    EXPECT_TRUE(answer.results[0].accepted);
    EXPECT_EQ(answer.results[1].code, "expired");
}

TEST(HostAnswerTest, TellsTroubleApart) {
    const auto kind = [](int status, Fault fault, std::string body = {}) {
        net::ClientReply reply;
        reply.status = status;
        reply.fault = fault;
        reply.body = std::move(body);
        return wire::read_answer(reply).kind;
    };
    EXPECT_EQ(kind(0, Fault::unavailable), Kind::nothing_arrived);
    EXPECT_EQ(kind(0, Fault::unknown), Kind::may_have_arrived);
    EXPECT_EQ(kind(503, Fault::unavailable), Kind::nothing_arrived);
    EXPECT_EQ(kind(401, Fault::unavailable), Kind::nothing_arrived);
    EXPECT_EQ(kind(413, Fault::unavailable), Kind::too_large);
    EXPECT_EQ(kind(422, Fault::unavailable), Kind::not_understood);
    EXPECT_EQ(kind(200, Fault::unavailable, "<html>parked</html>"), Kind::may_have_arrived);
}

}  // namespace
}  // namespace trunkline::portal::test
