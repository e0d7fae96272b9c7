// The wire's door, with real seals.
#include "portal/wire/receiver.hpp"

#include "host/async/loops.hpp"
#include "host/async/spawn.hpp"
#include "portal/desk/origin.hpp"
#include "tests/unit/portal/support.hpp"

namespace trunkline::portal::test {
namespace {

seal::LicenseKey key(const char* text) {
    auto parsed = seal::LicenseKey::parse(Secret{text});
    EXPECT_TRUE(parsed);
    return *parsed;
}

const seal::LicenseKey& first_key() {
    static const auto kKey = key("tlk_AwoRGB8mLTQ7QklQV15lbHN6gYiPlp2kq7K5wMfO1dw");
    return kKey;
}

const seal::LicenseKey& second_key() {
    static const auto kKey = seal::LicenseKey::generate();
    return kKey;
}

class Heard final : public wire::Arrivals {
public:
    void changed() override { ++changes; }
    void passing(const json::object& one) override { typing.push_back(one); }
    void backlog(const std::string&, const json::object&) override {}
    int changes = 0;
    std::vector<json::object> typing;
};

class ReceiverTest : public ::testing::Test {
protected:
    ReceiverTest() {
        auto opened = store::Store::open(folder_.file("portal.db"));
        EXPECT_TRUE(opened);
        store_ = *std::move(opened);
        loops_.start();
        make({first_key(), second_key()});
    }
    ~ReceiverTest() override { loops_.stop(); }

    void make(seal::KeyRing ring, bool encrypted = true) {
        wire::ReceiverOptions options;
        options.portal = "acme";
        options.require_encryption = encrypted;
        options.best_effort_lanes = {"presence"};
        receiver_ = std::make_unique<wire::Receiver>(
            options,
            seal::Opener{"acme", std::move(ring), seal::Direction::host_to_portal},
            *store_,
            clock_,
            heard_
        );
    }

    seal::Sealed sealed(
        const std::string& plain, const seal::LicenseKey& with, bool encrypt = true
    ) {
        seal::Sealer sealer{
            "acme", seal::KeyRing{with, std::nullopt}, seal::Direction::host_to_portal};
        return sealer.seal(plain, "application/json", encrypt, "01BATCH", clock_.wall_ms());
    }

    net::Response post(const seal::Sealed& sealed) {
        const std::vector<net::HeaderView> headers{
            {"webhook-id", sealed.id},
            {"webhook-timestamp", sealed.timestamp},
            {"webhook-signature", sealed.signature},
            {"content-type", sealed.content_type},
        };
        net::RequestHead head;
        head.method = "POST";
        head.headers = headers;
        net::Response response;
        async::run_and_wait(loops_.at(0).get_executor(), "post", [&]() -> async::Awaitable<> {
            net::Request request{head, sealed.body, nullptr};
            response = co_await receiver_->receive(request);
        });
        return response;
    }

    Folder folder_;
    FakeClock clock_;
    Heard heard_;
    async::Loops loops_{1};
    std::unique_ptr<store::Store> store_;
    std::unique_ptr<wire::Receiver> receiver_;
};

TEST_F(ReceiverTest, AnswersHowFarItKept) {
    const auto response =
        post(sealed(batch_text(1, {message(1, "a"), message(2, "b")}), first_key()));

    EXPECT_EQ(response.status, 200);
    EXPECT_EQ(response.body, R"({"accepted_through":2})");
    EXPECT_EQ(heard_.changes, 1);
}

TEST_F(ReceiverTest, AcceptsAnOpeningBatch) {
    const auto response = post(sealed(batch_text(1, {}), first_key()));

    EXPECT_EQ(response.status, 200);
    EXPECT_EQ(response.body, "{}");
}

TEST_F(ReceiverTest, TakesBothKeysWhileRotating) {
    EXPECT_EQ(post(sealed(batch_text(1, {message(1, "a")}), first_key())).status, 200);
    EXPECT_EQ(post(sealed(batch_text(1, {message(2, "b")}), second_key())).status, 200);
}

TEST_F(ReceiverTest, RefusesForgeryAndSaysNothingAboutIt) {
    make({first_key(), std::nullopt});
    auto tampered = sealed(batch_text(1, {message(1, "a")}), first_key());
    tampered.body[tampered.body.size() / 2] ^= 1;
    auto stale = sealed(batch_text(1, {message(1, "a")}), first_key());
    clock_.advance(std::chrono::minutes{6});

    const auto wrong_key = post(sealed(batch_text(1, {message(1, "a")}), second_key()));
    const auto clear = post(sealed(batch_text(1, {message(1, "a")}), first_key(), false));
    const auto old = post(stale);

    EXPECT_EQ(post(tampered).status, 401);
    for (const auto& response : {&wrong_key, &clear, &old}) {
        EXPECT_EQ(response->status, 401);
        EXPECT_EQ(response->body, wrong_key.body);
    }
    EXPECT_EQ(heard_.changes, 0);
}

TEST_F(ReceiverTest, TakesAClearBatchOnlyWhenConfigured) {
    make({first_key(), std::nullopt}, false);

    EXPECT_EQ(post(sealed(batch_text(1, {message(1, "a")}), first_key(), false)).status, 200);
}

TEST_F(ReceiverTest, RefusesALowerEpochAndAnotherPortalsBatch) {
    post(sealed(batch_text(5, {message(1, "a")}), first_key()));

    EXPECT_EQ(post(sealed(batch_text(4, {message(2, "b")}), first_key())).status, 409);
    EXPECT_EQ(post(sealed(batch_text(4, {}), first_key())).status, 409);
    EXPECT_EQ(
        post(sealed(R"({"portal":"other","lane":"messages","epoch":5,"events":[]})", first_key()))
            .status,
        400
    );
}

TEST_F(ReceiverTest, TypingPassesAndIsNoMessage) {
    post(sealed(batch_text(1, {event(1, "typing", {{"on", true}})}, "presence"), first_key()));

    ASSERT_EQ(heard_.typing.size(), 1U);
    EXPECT_TRUE(flag_of(heard_.typing[0], "on"));
}

TEST(OriginTest, LetsOnlyThePortalsOwnPageChangeThings) {
    const desk::Origin origin{"http://127.0.0.1:9000", true};
    const auto status =
        [&](std::string_view method, std::vector<net::HeaderView> headers, std::string_view path) {
            net::RequestHead head;
            head.method = method;
            head.path = path;
            head.headers = headers;
            const auto refusal = origin.refusal(head);
            return refusal ? refusal->status : 0;
        };
    constexpr const char* kPath = "/api/conversations/1/messages";
    constexpr const char* kHost = "127.0.0.1:9000";
    constexpr const char* kJson = "application/json";
    EXPECT_EQ(status("GET", {{"Host", kHost}}, kPath), 0);
    EXPECT_EQ(status("GET", {{"Host", "evil.example"}}, kPath), 421);
    EXPECT_EQ(status("POST", {{"Host", kHost}, {"Content-Type", kJson}}, kPath), 0);
    EXPECT_EQ(status("POST", {{"Host", kHost}, {"Content-Type", "text/plain"}}, kPath), 415);
    EXPECT_EQ(
        status(
            "POST",
            {{"Host", kHost}, {"Content-Type", kJson}, {"Origin", "http://evil.example"}},
            kPath
        ),
        403
    );
    EXPECT_EQ(
        status(
            "POST",
            {{"Host", kHost}, {"Content-Type", kJson}, {"Origin", "http://127.0.0.1:9000"}},
            kPath
        ),
        0
    );
    EXPECT_EQ(
        status(
            "POST",
            {{"Host", kHost}, {"Content-Type", kJson}, {"Sec-Fetch-Site", "cross-site"}},
            kPath
        ),
        403
    );
    EXPECT_EQ(status("POST", {{"Host", kHost}, {"Content-Type", kJson}}, "/api/files"), 415);
}

}  // namespace
}  // namespace trunkline::portal::test
