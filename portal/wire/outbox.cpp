#include "portal/wire/outbox.hpp"

#include <algorithm>

#include <spdlog/spdlog.h>

namespace trunkline::portal::wire {

namespace {

constexpr std::chrono::milliseconds kIdle{
    30'000};  // how often expiry is looked at when nobody asks

struct Due {
    std::int64_t expired = 0;
};

}  // namespace

Outbox::Outbox(
    async::Loop& loop,
    store::Store& store,
    HostDoor& door,
    const Clock& clock,
    std::function<void()> told
)
    : store_{store}, door_{door}, clock_{clock}, told_{std::move(told)}, wake_{loop} {}

void Outbox::stop() {
    stopping_ = true;
    wake_.call();
}

async::Awaitable<> Outbox::run() {
    while (!stopping_) {
        const auto round = co_await send_round();
        if (round == Round::idle) co_await wake_.wait(kIdle);
        if (round != Round::trouble) continue;
        // New commands do not shorten the wait: the host is asked to be left alone, not this
        // command.
        const auto until = clock_.steady() + pause();
        while (!stopping_ && clock_.steady() < until) {
            const auto left =
                std::chrono::duration_cast<std::chrono::milliseconds>(until - clock_.steady());
            co_await wake_.wait(left + std::chrono::milliseconds{1});
        }
    }
}

async::Awaitable<Outbox::Round> Outbox::send_round() {
    const auto now = clock_.wall_ms();
    auto expiry = [now](store::Database& database) -> Result<Due> {
        return Due{store::expire_commands(database, now)};
    };
    auto due = co_await store_.write(std::move(expiry));
    if (due && due->expired > 0) told_();

    auto query = [limit = at_once_](store::Database& database
                 ) -> Result<std::vector<store::WaitingCommand>> {
        return store::waiting_commands(database, limit);
    };
    auto waiting = co_await store_.read(std::move(query));
    if (!waiting) {
        spdlog::error("outbox.unreadable reason={}", waiting.error().context);
        co_return Round::trouble;
    }
    if (waiting->empty()) co_return Round::idle;

    boost::json::array commands;
    for (const auto& command : *waiting)
        commands.push_back(command.wire);
    auto answer = co_await door_.send(std::move(commands));
    auto sent = *std::move(waiting);
    auto round = co_await settle(std::move(sent), std::move(answer));
    co_return round;
}

async::Awaitable<Outbox::Round> Outbox::settle(
    std::vector<store::WaitingCommand> sent, HostAnswer answer
) {
    using Kind = HostAnswer::Kind;
    asked_pause_ = answer.pause;
    if (answer.kind == Kind::too_large || answer.kind == Kind::not_understood) {
        if (sent.size() > 1) {
            at_once_ = std::max<std::int64_t>(1, static_cast<std::int64_t>(sent.size()) / 2);
            co_return Round::progress;
        }
        auto id = sent.front().id;
        auto round = co_await refuse_the_only_one(std::move(id), answer.reason);
        co_return round;
    }
    if (answer.kind == Kind::may_have_arrived) co_await note_maybe_arrived(sent);
    if (answer.kind != Kind::answered) {
        spdlog::warn("outbox.retry commands={} reason={}", sent.size(), answer.reason);
        co_return Round::trouble;
    }

    // Only what was asked about is believed; what the answer leaves out stays waiting.
    std::vector<CommandResult> results;
    for (auto& result : answer.results) {
        const auto named = [&result](const auto& command) { return command.id == result.id; };
        if (std::any_of(sent.begin(), sent.end(), named)) results.push_back(std::move(result));
    }
    const bool some = !results.empty();
    auto work = [results = std::move(results)](store::Database& database) -> Result<Due> {
        for (const auto& result : results) {
            if (result.accepted) {
                store::command_accepted(database, result.id);
            } else {
                store::command_refused(database, result.id, result.code, result.message);
            }
        }
        return Due{};
    };
    auto kept = co_await store_.write(std::move(work));
    if (!kept || !some) {
        spdlog::error(
            "outbox.unsettled reason={}",
            kept ? "no result for what was sent" : kept.error().context
        );
        co_return Round::trouble;
    }
    at_once_ = kAtOnceMax;
    backoff_.succeeded();
    told_();
    co_return Round::progress;
}

async::Awaitable<Outbox::Round> Outbox::refuse_the_only_one(std::string id, std::string why) {
    spdlog::warn("outbox.refused command={}", id);
    auto work = [id = std::move(id),
                 why = std::move(why)](store::Database& database) -> Result<Due> {
        store::command_refused(database, id, "not_understood", why);
        return Due{};
    };
    auto kept = co_await store_.write(std::move(work));
    if (!kept) co_return Round::trouble;
    at_once_ = kAtOnceMax;
    told_();
    co_return Round::progress;
}

async::Awaitable<> Outbox::note_maybe_arrived(std::vector<store::WaitingCommand> sent) {
    auto work = [sent = std::move(sent)](store::Database& database) -> Result<Due> {
        for (const auto& command : sent)
            store::command_maybe_arrived(database, command.id);
        return Due{};
    };
    auto kept = co_await store_.write(std::move(work));
    if (!kept) spdlog::error("outbox.unmarked reason={}", kept.error().context);
}

}  // namespace trunkline::portal::wire
