// The test host must see what a connector does wrong, or the tests of connectors prove nothing.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <trunkline/connector.hpp>
#include <trunkline/testing.hpp>

#include "probe.hpp"

namespace trunkline::tests {
namespace {

using namespace trunkline::testing;
using ::testing::IsEmpty;
using ::testing::Not;

TEST(Testing, DigestsAreTheStandards) {
    // FIPS 180-4 examples; RFC 4231 test case 2 and 6.
    EXPECT_EQ(
        hex_of(sha256("abc")), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
    );
    EXPECT_EQ(
        hex_of(sha256("")), "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
    );
    EXPECT_EQ(
        hex_of(sha256("abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq")),
        "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1"
    );
    EXPECT_EQ(
        hex_of(hmac_sha256("Jefe", "what do ya want for nothing?")),
        "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843"
    );
    EXPECT_EQ(
        hex_of(hmac_sha256(
            std::string(131, '\xaa'), "Test Using Larger Than Block-Size Key - Hash Key First"
        )),
        "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54"
    );
}

/// Counts what it is sent.
class Counting final : public Connector {
public:
    explicit Counting(const Setup& setup)
        : metrics_{setup.host.extension<tl_metrics>(TL_EXT_METRICS)} {}
    Task on_webhook(Context& context, const Webhook& hook) const override {
        std::string statuses;
        const auto note = [&](tl_status status) { statuses += std::to_string(status) + ' '; };
        note(metrics_->count(metrics_->ctx, raw("updates"), 2));
        note(metrics_->gauge(metrics_->ctx, raw("size"), -static_cast<int>(hook.body.size())));
        note(metrics_->gauge(metrics_->ctx, raw("updates"), 1));
        note(metrics_->count(metrics_->ctx, raw("Not a name"), 1));
        context.answer(200, statuses);
        co_return Outcome::done();
    }

private:
    const tl_metrics* metrics_;
};
constexpr tl_plugin kCounting = detail::plugin_of<Counting>("counting", "1.0.0", "Counting", "{}");

TEST(Testing, AConnectorsOwnFiguresCanBeLookedAt) {
    TestHost host{kCounting, {}};
    ASSERT_EQ(host.feed(Input::webhook(1, "12345")), TL_OK);
    ASSERT_EQ(host.feed(Input::webhook(2, "123")), TL_OK);
    EXPECT_EQ(host.metric("updates"), 4) << "a counter adds up";
    EXPECT_EQ(host.metric("size"), -3) << "a gauge is what it was set to";
    EXPECT_EQ(host.metric("never"), 0);
    EXPECT_THAT(
        host.latest("answer").text(),
        ::testing::HasSubstr(
            "0 0 " + std::to_string(int{TL_E_BAD_STATE}) + " " +
            std::to_string(int{TL_E_BAD_INPUT}) + " "
        )
    );
}

/// Remembers between tasks, which is what a reload breaks.
class Forgetful final : public Connector {
public:
    explicit Forgetful(const Setup&) {}
    Task on_webhook(Context& context, const Webhook&) const override {
        context.item({.conversation = "c", .dedup = std::to_string(++seen_), .json = "{}"});
        co_return Outcome::done();
    }
    Task on_command(Context& context, const Command&) const override {
        const std::string url = "https://x.example/" + std::to_string(++seen_);
        const HttpReply reply = co_await context.http(Request::get(url));
        co_return Outcome::done({reply.body});
    }

private:
    mutable int seen_ = 0;
};
constexpr tl_plugin kForgetful =
    detail::plugin_of<Forgetful>("forgetful", "1.0.0", "Forgetful", "{}");

TEST(Testing, StateBetweenTasksIsSeen) {
    const std::vector<Input> inputs{
        Input::webhook(1, "{}"), Input::command(2, "c", "{}"), Input::reply(2, 1, 200, "m")};
    EXPECT_THAT(refeed_everywhere(kForgetful, {}, inputs), Not(IsEmpty()));
}

/// A connector by hand that breaks one rule for each conversation.
tl_status break_a_rule(
    tl_instance*,
    const tl_input* inputs,
    std::uint32_t n,
    std::uint32_t* done,
    const tl_effects* effects
) noexcept {
    const std::string_view rule = view(inputs[0].key);
    const std::uint64_t task = inputs[0].task;
    tl_outcome outcome{};
    outcome.size = sizeof outcome;
    *done = n;
    if (rule == "no_outcome") return TL_OK;
    if (rule == "two_outcomes") {
        effects->outcome(effects->ctx, task, &outcome);
        return effects->outcome(effects->ctx, task, &outcome) == TL_E_BAD_STATE ? TL_OK
                                                                                : TL_E_INTERNAL;
    }
    if (rule == "step_skipped") {
        const tl_status status = effects->timer(effects->ctx, task, 2, 0);
        effects->outcome(effects->ctx, task, &outcome);
        return status == TL_E_BAD_INPUT ? TL_OK : TL_E_INTERNAL;
    }
    if (rule == "foreign_task") {
        const tl_status status = effects->timer(effects->ctx, task + 1, 1, 0);
        effects->outcome(effects->ctx, task, &outcome);
        return status == TL_E_BAD_STATE ? TL_OK : TL_E_INTERNAL;
    }
    *done = 0;
    effects->outcome(effects->ctx, task, &outcome);
    return TL_OK;
}

TEST(Testing, BrokenRulesAreFaultsOrRefused) {
    tl_plugin broken = probe();
    broken.handle = break_a_rule;
    const auto faults = [&](const char* rule) {
        TestHost host{broken, {}};
        EXPECT_EQ(host.feed(Input::command(1, rule, "{}")), TL_OK) << rule;
        return host.faults();
    };
    EXPECT_THAT(faults("no_outcome"), Not(IsEmpty()));
    EXPECT_THAT(faults("done_too_small"), Not(IsEmpty()));
    EXPECT_THAT(faults("two_outcomes"), IsEmpty());
    EXPECT_THAT(faults("step_skipped"), IsEmpty());
    EXPECT_THAT(faults("foreign_task"), IsEmpty());
}

TEST(Testing, GoldenLinesNameWhatIsWrong) {
    EXPECT_THROW(input_from_json("[]"), std::runtime_error);
    EXPECT_THROW(input_from_json(R"({"kind":"letter"})"), std::runtime_error);
    EXPECT_THROW(input_from_json(R"({"kind":"webhook","bdoy":"x"})"), std::runtime_error);
    const Input input =
        input_from_json(R"({"kind":"http_reply","task":7,"step":2,"unknown":true,"body":{"a":1}})");
    EXPECT_EQ(input.task, 7U);
    EXPECT_EQ(input.flags, static_cast<unsigned>(TL_INPUT_UNKNOWN));
    EXPECT_EQ(input.body, R"({"a":1})");
}

TEST(Testing, InterleavingKeepsEachSequenceInOrder) {
    std::vector<Input> a, b;
    for (std::uint32_t i = 1; i <= 20; ++i) {
        a.push_back(Input::timer(1, i));
        b.push_back(Input::timer(2, i));
    }
    std::map<std::uint64_t, std::uint32_t> last;
    for (const Input& input : interleaved({a, b}, 7))
        EXPECT_EQ(input.step, ++last[input.task]);
    EXPECT_EQ(last[1] + last[2], 40U);
}

}  // namespace
}  // namespace trunkline::tests
