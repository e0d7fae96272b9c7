#include "host/inbound/inbound.hpp"

#include <boost/json.hpp>

#include "host/base/base64.hpp"
#include "host/inbound/poller.hpp"
#include "tests/unit/world/host_world.hpp"

namespace trunkline::inbound {
namespace {

using test::ends;
using test::fails;
using test::Play;

const std::string kMessage =
    R"({"type":"message","conversation":{"id":"42","kind":"direct"},"message":{"id":"981","text":"hi"}})";

tasks::Item item(std::string json, std::uint32_t flags = 0) {
    tasks::Item out;
    out.flags = flags;
    out.conversation = "42";
    out.json = std::move(json);
    return out;
}
Play reports(std::vector<tasks::Item> items) {
    Play play;
    tasks::Durable durable;
    durable.items = std::move(items);
    play.commits.push_back(std::move(durable));
    return play;
}

class InboundTest : public test::HostWorld {
protected:
    int hook(std::string body, std::string target = "/hooks/acme-telegram") {
        return run<int>([&]() -> async::Awaitable<int> {
            const std::vector<net::HeaderView> headers{
                {"X-Topic", "orders"},
                {"Cookie", "c"},
                {"X-Gate-Token", "t"},
                {"X-Sig", "sesame!"}};
            net::RequestHead head;
            head.method = "POST";
            head.target = target;
            head.headers = headers;
            net::Request request{head, body};
            net::Response response = co_await inbound.webhook(account, std::move(request));
            co_return response.status;
        });
    }
    std::string quarantined() {
        auto rows = store.rows(store::Table::quarantine, "", "", 10);
        EXPECT_EQ(rows->size(), 1u);
        Ulid id;
        std::copy(rows->at(0).key.begin(), rows->at(0).key.end(), id.bytes.begin());
        return id.text();
    }
    std::size_t kept() { return store.rows(store::Table::quarantine, "", "", 10)->size(); }
    Result<void> replay(std::string id) {
        return run<Result<void>>([&] { return inbound.replay(id); });
    }

    Inbound inbound{ground, directory, store, pool};
};

TEST_F(InboundTest, WhatIsUnderstoodLaterReplacesItsPlaceholderAndLeavesTheQuarantine) {
    strand->plays.push_back(fails(Fault::malformed, "telegram answers BAD_INPUT"));
    EXPECT_EQ(hook("new words"), 200);
    ASSERT_EQ(told().size(), 1u);
    EXPECT_EQ(told()[0].type(), "unsupported");
    const std::string id = quarantined();
    EXPECT_EQ(told()[0].quarantine(), id);

    strand->plays.push_back(reports({item(kMessage)}));
    EXPECT_TRUE(replay(id));
    ASSERT_EQ(told().size(), 2u);
    EXPECT_EQ(told()[1].type(), "edited");
    EXPECT_EQ(told()[1].replaces(), id);
    EXPECT_EQ(told()[1].message().text(), "hi");
    EXPECT_EQ(kept(), 0u);
    EXPECT_EQ(replay(id).error().fault, Fault::not_found) << "it is done";
}

TEST_F(InboundTest, WhatIsStillNotUnderstoodStaysAndThePortalHearsNothing) {
    strand->plays.push_back(fails(Fault::malformed, "telegram answers BAD_INPUT"));
    EXPECT_EQ(hook("new words"), 200);
    const std::string id = quarantined();

    const std::string dice =
        R"({"type":"unsupported","conversation":{"id":"42","kind":"direct"},"reason":"a dice"})";
    strand->plays = {
        fails(Fault::malformed, "telegram answers BAD_INPUT"), reports({item(dice)}), Play{}};
    for (const char* why : {"BAD_INPUT", "a dice", "reports nothing"}) {
        const auto refused = replay(id);
        ASSERT_FALSE(refused);
        EXPECT_NE(refused.error().context.find(why), std::string::npos) << refused.error().context;
        EXPECT_EQ(kept(), 1u);
        EXPECT_EQ(told().size(), 1u);
    }
    // A disk that refuses the event keeps the row as well.
    strand->plays.push_back(reports({item(kMessage)}));
    store.refuse_writes = true;
    EXPECT_EQ(replay(id).error().fault, Fault::storage);
    store.refuse_writes = false;
    EXPECT_EQ(kept(), 1u);
}

TEST_F(InboundTest, AReplayedWebhookIsGivenAsItCameButForWhatOpensDoors) {
    auto guarded = [&] {
        config::Account from;
        from.id = "guarded";
        from.connector = "telegram";
        from.settings = {{"secret", "sesame"}};
        auto made = std::make_shared<accounts::Account>(from, portal, loops.at(0));
        made->strand = std::make_unique<test::ScriptedStrand>();
        directory.add(made);
        return made;
    };
    account = guarded();
    strand = static_cast<test::ScriptedStrand*>(account->strand.get());
    strand->plays.push_back(fails(Fault::malformed, "telegram answers BAD_INPUT"));
    hook("new words", "/hooks/guarded/deep?topic=1");
    strand->plays.push_back(reports({item(kMessage)}));
    ASSERT_TRUE(replay(quarantined()));

    const tasks::Start& first = strand->starts.at(0);
    EXPECT_EQ(first.pairs.size(), 4u);
    EXPECT_EQ(first.target, "/deep?topic=1");
    const tasks::Start& again = strand->starts.at(1);
    EXPECT_EQ(again.kind, TL_IN_REPLAY);
    EXPECT_EQ(again.method, "POST");
    EXPECT_EQ(again.target, "/deep?topic=1");
    EXPECT_EQ(again.body, "new words");
    ASSERT_EQ(again.pairs.size(), 1u);
    EXPECT_EQ(again.pairs[0].name, "X-Topic");
    EXPECT_EQ(again.pairs[0].value, "orders");
}

TEST_F(InboundTest, AnItemsOwnPartIsReplayedAlone) {
    tasks::Item part = item(
        R"({"type":"unsupported","conversation":{"id":"42","kind":"direct"},"reason":"a dice"})"
    );
    part.raw = "its part";
    strand->plays.push_back(reports({part}));
    hook("everything");
    strand->plays.push_back(reports({item(kMessage)}));
    ASSERT_TRUE(replay(quarantined()));
    EXPECT_EQ(strand->starts.at(1).body, "its part");
    EXPECT_EQ(strand->starts.at(1).method, "");
    EXPECT_TRUE(strand->starts.at(1).pairs.empty());
}

TEST_F(InboundTest, AConnectorSeesWhatIsBelowItsHook) {
    const std::map<std::string, std::string> cases{
        {"/hooks/acme-telegram", "/"},
        {"/hooks/acme-telegram/", "/"},
        {"/hooks/acme-telegram?a=/b", "/?a=/b"},
        {"/hooks/acme-telegram/x/y?z=%20", "/x/y?z=%20"},
        {"/hooks/acme-telegram//x", "//x"},
    };
    for (const auto& [target, seen] : cases) {
        strand->starts.clear();
        hook("x", target);
        EXPECT_EQ(strand->starts.at(0).target, seen) << target;
    }
}

TEST_F(InboundTest, TheEchoOfOurOwnMessageIsDroppedAndAPersonsIsTold) {
    // As the outbound path notes it; see outbound::append_status.
    store::Batch sent;
    const std::string key = std::string{"acme-telegram"} + '\0' + "42" + '\0' + "981";
    sent.put.push_back({store::Table::sent, key, "command-1", clock.wall_ms() + 1'000'000});
    ASSERT_TRUE(store.commit_and_wait(std::move(sent)));
    std::string other = kMessage;
    other.replace(other.find("981"), 3, "982");
    std::string edited = kMessage;
    edited.replace(edited.find("message"), 7, "edited");

    strand->plays.push_back(reports(
        {item(kMessage, TL_ITEM_OUTGOING),
         item(other, TL_ITEM_OUTGOING),
         item(edited, TL_ITEM_OUTGOING),
         item(kMessage)}
    ));
    EXPECT_EQ(hook("x"), 200);
    const auto events = told();
    ASSERT_EQ(events.size(), 3u);
    EXPECT_EQ(events[0].message().id(), "982");
    EXPECT_TRUE(events[0].outgoing());
    EXPECT_EQ(events[1].type(), "edited") << "a person changed what we sent";
    EXPECT_EQ(events[2].message().id(), "981");
    EXPECT_FALSE(events[2].outgoing()) << "no echo, whatever its number";
}

TEST_F(InboundTest, AnEchoIsKnownByThePortalsNameOfItsConversation) {
    account->known_as["42"] = "7";
    store::Batch sent;
    const std::string key = std::string{"acme-telegram"} + '\0' + "7" + '\0' + "981";
    sent.put.push_back({store::Table::sent, key, "command-1", clock.wall_ms() + 1'000'000});
    ASSERT_TRUE(store.commit_and_wait(std::move(sent)));
    strand->plays.push_back(reports({item(kMessage, TL_ITEM_OUTGOING)}));
    hook("x");
    EXPECT_TRUE(told().empty());
}

TEST_F(InboundTest, AnEchoThatCannotBeLookedUpIsNotAcknowledged) {
    store.refuse_reads = true;
    strand->plays.push_back(reports({item(kMessage, TL_ITEM_OUTGOING)}));
    EXPECT_EQ(hook("x"), 503);
    store.refuse_reads = false;
    EXPECT_TRUE(told().empty());
}

TEST_F(InboundTest, AMigratedConversationKeepsItsKind) {
    customer_speaks("-1");  // a direct one, as the world has it
    const auto moved = [](std::string to, std::string from) {
        Play play;
        play.commits.emplace_back();
        play.commits[0].aliases.push_back({std::move(to), std::move(from)});
        return play;
    };
    strand->plays = {moved("-100", "-1"), moved("-200", "-2")};
    hook("x");
    hook("y");
    ASSERT_EQ(told().size(), 2u);
    EXPECT_EQ(told()[0].conversation().kind(), "direct");
    EXPECT_EQ(told()[1].conversation().kind(), "") << "nobody knows";
}

TEST_F(InboundTest, APollThatFailsTheSameWayThreeTimesIsSetAsideAndTold) {
    auto stopping = std::make_shared<std::atomic<bool>>(false);
    Play broken = fails(Fault::malformed, "telegram answers BAD_INPUT");
    broken.end.unread = "what the messenger answered";
    strand->plays.assign(20, broken);
    std::size_t polls_when_kept = 0;
    std::atomic<bool> over{false};
    async::spawn(loops.at(0).get_executor(), "poll", [&]() -> async::Awaitable<> {
        co_await poll(inbound, store, pool, account, stopping);
        over = true;
    });
    EXPECT_TRUE(eventually([&] {
        if (kept() == 1) polls_when_kept = strand->starts.size();
        return polls_when_kept != 0;
    }));
    *stopping = true;
    EXPECT_TRUE(eventually([&] { return over.load(); }));

    EXPECT_EQ(polls_when_kept, 3u);
    const auto row = store.rows(store::Table::quarantine, "", "", 10)->at(0).value;
    EXPECT_EQ(
        boost::json::parse(row).at("raw").as_string(), base64_encode("what the messenger answered")
    );
    EXPECT_EQ(account->health().state, accounts::State::degraded);
    EXPECT_EQ(account->health().code, "poll_unreadable");
    ASSERT_EQ(told().size(), 2u);
    EXPECT_EQ(told()[0].type(), "unsupported");
    EXPECT_EQ(told()[1].type(), "notice");
}

}  // namespace
}  // namespace trunkline::inbound
