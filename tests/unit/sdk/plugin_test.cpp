#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <trunkline/connector.hpp>
#include <trunkline/testing.hpp>

#include "border.h"
#include "probe.hpp"

namespace trunkline::tests {
namespace {

class Probe final : public Connector {
public:
    static constexpr std::uint32_t kStateSchema = 3;

    explicit Probe(const Setup& setup) {
        if (setup.settings == R"({"bad":true})") throw BadConfig{"probe.config"};
        if (setup.settings == R"({"bug":true})") throw std::logic_error{"probe.bug"};
        if (!setup.state.empty() && setup.state != "state") throw BadState{"probe.state"};
    }
    std::string save() const override { return "state"; }
    static bool self_check(Host) { return true; }
    static const void* extension(std::string_view id) noexcept {
        return id == "probe/1" ? "here" : nullptr;
    }

    Task on_webhook(Context& context, const Webhook& hook) const override {
        context.item({.conversation = "c", .dedup = "d", .json = R"({"type":"message"})"});
        if (hook.body == "bad") throw BadInput{"probe.bad"};
        if (hook.body == "bug") throw std::logic_error{"probe.bug"};
        if (hook.body == "no_memory") throw std::bad_alloc{};
        if (hook.body == "forged") co_return Outcome::forged();
        co_return Outcome::done();
    }

    Task on_command(Context& context, const Command& command) const override {
        if (command.json == "two") return two(context);
        if (command.json == "nested") return nested(context);
        if (command.json == "endless") return endless(context);
        return echo(context, command);
    }

private:
    static Task two(Context& context) {
        auto first = context.http(Request::get("https://x.example/1"));
        auto second = context.http(Request::get("https://x.example/2"));
        const HttpReply a = co_await first;
        const HttpReply b = co_await second;
        co_return Outcome::done({a.body, b.body});
    }

    static Step<std::string> inner(Context& context) {
        const HttpReply reply = co_await context.http(Request::get("https://x.example/1"));
        if (reply.body == "caught") throw std::runtime_error{"caught"};
        throw BadInput{reply.body};
    }
    static Task nested(Context& context) {
        std::string code;
        try {
            code = co_await inner(context);
        } catch (const BadInput&) {
            throw;
        } catch (const std::runtime_error& error) {
            code = error.what();
        }
        co_return Outcome::rejected(code, "");
    }

    static Task endless(Context& context) {
        for (;;)
            co_await context.timer(1);
    }

    static Task echo(Context& context, const Command& command) {
        const HttpReply reply = co_await context.http(Request::get("https://x.example/1"));
        co_return Outcome::rejected(
            "echo", std::string{command.conversation} + std::string{command.json}
        );
    }
};

using namespace trunkline::testing;

TEST(Plugin, SizesAreTheSameInBothLanguages) {
    std::array<std::size_t, 64> c{}, cpp{};
    const std::size_t count = border_sizes_in_c(c.data());
    EXPECT_EQ(border_sizes_in_cpp(cpp.data()), count);
    EXPECT_EQ(c, cpp);
    EXPECT_GT(count, 10U);
}

TEST(Plugin, ConstructorsFailWithTheStatusThatSaysWhy) {
    EXPECT_EQ((TestHost{probe(), {.settings = R"({"bad":true})"}}.created()), TL_E_BAD_CONFIG);
    EXPECT_EQ((TestHost{probe(), {.settings = R"({"bug":true})"}}.created()), TL_E_INTERNAL);
    EXPECT_EQ((TestHost{probe(), {}}.created()), TL_OK);
}

TEST(Plugin, StateOfAnotherSchemaIsRefused) {
    const tl_host host{
        sizeof(tl_host),
        0,
        nullptr,
        {},
        [](void*, std::int32_t, tl_view) noexcept {},
        [](void*, tl_view) noexcept -> const void* { return nullptr; }};
    tl_setup setup{};
    setup.size = sizeof setup;
    setup.state = raw("state");
    tl_instance* instance = nullptr;
    setup.state_schema = 2;
    EXPECT_EQ(probe().create(&host, &setup, &instance), TL_E_BAD_STATE);
    setup.state_schema = 3;
    setup.state = raw("stat?");
    EXPECT_EQ(probe().create(&host, &setup, &instance), TL_E_BAD_STATE);
    EXPECT_EQ(instance, nullptr);
    setup.state = raw("state");
    ASSERT_EQ(probe().create(&host, &setup, &instance), TL_OK);
    probe().destroy(instance);
}

TEST(Plugin, OptionalPartsAreFound) {
    const tl_host none{};
    EXPECT_EQ(probe().self_check(&none), TL_OK);
    EXPECT_NE(probe().extension(raw("probe/1")), nullptr);
    EXPECT_EQ(probe().extension(raw("other/1")), nullptr);
}

TEST(Plugin, NeededMinorIsComputedFromWhatIsOverridden) {
    EXPECT_TRUE(detail::overrides(&Probe::on_webhook, &Connector::on_webhook));
    EXPECT_FALSE(detail::overrides(&Probe::on_poll, &Connector::on_poll));
    EXPECT_EQ(probe().abi_minor, 0U);
    EXPECT_LE(probe().abi_minor, TL_ABI_MINOR);
}

TEST(Plugin, IdsFollowTheRule) {
    for (const std::string_view good : {"vk", "telegram", "a_1"})
        EXPECT_TRUE(detail::valid_id(good));
    for (const std::string_view bad : {"", "a", "1a", "_a", "Telegram", "a-b", "a.b"}) {
        EXPECT_FALSE(detail::valid_id(bad)) << bad;
    }
    EXPECT_FALSE(detail::valid_id(std::string(33, 'a')));
}

TEST(Plugin, NoteIsLaidOutAsTheHeaderSays) {
    static constexpr auto note = detail::note_of<Probe>("probe", "1.2.3", "Probe", "{}");
    EXPECT_EQ(offsetof(decltype(note), note), 24U);
    EXPECT_EQ(offsetof(decltype(note), text), 64U);
    EXPECT_EQ(note.owner_size, 10U);
    EXPECT_EQ(note.size % 4, 0U);
    EXPECT_EQ(note.note.state_schema, 3U);
    const std::string_view text{note.text, sizeof(note.text)};
    EXPECT_TRUE(text.starts_with("probe1.2.3Probe{}sdk "));
}

}  // namespace

const tl_plugin& probe() {
    static constexpr tl_plugin plugin = detail::plugin_of<Probe>("probe", "1.0.0", "Probe", "{}");
    return plugin;
}

}  // namespace trunkline::tests
