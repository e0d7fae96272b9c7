#include "receive.hpp"

#include <algorithm>
#include <new>

#include "api.hpp"
#include "json_read.hpp"
#include "report.hpp"
#include "to_universal.hpp"
#include "verify.hpp"

namespace trunkline::telegram {

namespace {

constexpr std::uint64_t kUpdatesBytesMax = 8ULL << 20U;  // Telegram sends at most about 4 MiB
constexpr std::size_t kJournalBytesMax = TL_MAX_JOURNAL / 2;
constexpr std::size_t kAnsweredMax = TL_MAX_STEPS - 8;
constexpr std::int64_t kOffsetStaleMs = 6LL * 24 * 3600 * 1000;
constexpr std::int64_t kBackoffMaxMs = 60'000;
constexpr std::int64_t kIdlePauseMs = 500;
constexpr std::int64_t kOtherPollerMs = 10'000;
constexpr int kFailuresShown = 3;

json::object answer_params(const std::string& query) {
    return {{"callback_query_id", query}};
}

/// The cursor of the long poll, as the host keeps it.
struct Cursor {
    std::optional<std::int64_t> offset;
    std::int64_t seen_ms = 0;  ///< when the last update came
    std::int64_t failures = 0;
};

Cursor cursor_of(std::string_view text) {
    Cursor cursor;
    const auto value = parse(text);
    if (!value || !value->is_object()) return cursor;
    cursor.offset = integer_at(value->get_object(), "offset");
    cursor.seen_ms = integer_at(value->get_object(), "seen").value_or(0);
    cursor.failures =
        std::clamp<std::int64_t>(integer_at(value->get_object(), "failures").value_or(0), 0, 100);
    return cursor;
}

std::string text_of(const Cursor& cursor) {
    json::object text;
    if (cursor.offset) text["offset"] = *cursor.offset;
    if (cursor.seen_ms != 0) text["seen"] = cursor.seen_ms;
    if (cursor.failures != 0) text["failures"] = cursor.failures;
    return text.empty() ? std::string{} : json::serialize(text);
}

Request updates_request(const Cursor& cursor, const Settings& settings) {
    json::object params{
        {"timeout", settings.poll_timeout_s},
        {"limit", 100},
        {"allowed_updates", allowed_updates()}};
    if (cursor.offset) params["offset"] = *cursor.offset;
    auto request = request_of("getUpdates", params, settings);
    request.long_poll().timeout((settings.poll_timeout_s + 15) * 1000).reply_max(kUpdatesBytesMax);
    return request;
}

/// What one answer of getUpdates held.
struct Fetched {
    std::optional<std::int64_t> last;  ///< highest update_id
    std::vector<std::string> presses;  ///< callback queries to be answered
    std::vector<std::int64_t> ids;     ///< of the updates in it
};

/// One update of a poll. What is no update, or cannot be reported, keeps its place in the order as
/// `unsupported`: it would come again with the next poll, and the one after, and block the bot.
/// False: the host takes no more in one go; this update and what follows it must be fetched again.
bool report_update(
    Context& context,
    const json::value& value,
    const Settings& settings,
    bool first,
    Fetched& fetched
) {
    const auto* update = value.if_object();
    const auto id = update == nullptr ? std::nullopt : integer_at(*update, "update_id");
    if (id) {
        // Twice in one answer it would be two things that happened: only redeliveries are known
        // again.
        if (std::find(fetched.ids.begin(), fetched.ids.end(), *id) != fetched.ids.end())
            return true;
        fetched.ids.push_back(*id);
    }
    std::vector<std::string> presses;
    try {
        auto translated =
            update == nullptr ? unreadable_update() : to_universal(*update, settings.bot_id);
        report(context, translated, &value);
        presses = std::move(translated.callback_queries);
    } catch (const Refused& refused) {
        // What was reported before it may have used up the room; its dedup keys let the host
        // recognise what of this update was taken already.
        if (refused.status == TL_E_LIMIT && !first) return false;
        report_unreadable(context, value);
    } catch (const std::bad_alloc&) {
        throw;  // the update is not to blame
    } catch (const std::exception& bug) {
        context.host().log(
            TL_LOG_ERROR, std::string{"telegram.update_unreadable reason="} + bug.what()
        );
        report_unreadable(context, value);
    }
    if (id && *id >= 0 && *id < INT64_MAX) fetched.last = std::max(fetched.last.value_or(0), *id);
    fetched.presses.insert(fetched.presses.end(), presses.begin(), presses.end());
    return true;
}

std::int64_t backoff_ms(std::int64_t failures) {
    return std::min<std::int64_t>(
        kBackoffMaxMs, 1000LL << std::clamp<std::int64_t>(failures - 1, 0, 6)
    );
}

/// Nothing was fetched. Says so to people once it lasts, and waits longer each time.
Outcome fetch_failed(Context& context, const Answer& answer, Cursor cursor) {
    ++cursor.failures;
    if (cursor.failures == kFailuresShown) {
        context.health(
            "degraded", answer.code, "Fetching updates from Telegram fails: " + answer.text
        );
    }
    const auto delay = std::max(answer.delay_ms, backoff_ms(cursor.failures));
    return Outcome::polled(text_of(cursor), delay);
}

}  // namespace

Task receive_webhook(Context& context, const Webhook& hook, const Settings& settings) {
    if (!settings.connected() || !from_telegram(hook, settings.secret, context.host())) {
        co_return Outcome::forged();
    }
    const auto update = parse(hook.body);
    if (!update || !update->is_object()) co_return Outcome::bad_input("webhook.unreadable");
    const auto translated = to_universal(update->get_object(), settings.bot_id);
    report(context, translated, nullptr);
    // An empty body: whatever parses to a `method` would be executed by Telegram.
    context.answer(200);
    for (const auto& query : translated.callback_queries) {
        const auto request = request_of("answerCallbackQuery", answer_params(query), settings);
        // Stops the spinner on the customer's button. Late or lost, there is nothing anybody could
        // do about it.
        (void)co_await context.http(request);
    }
    co_return Outcome::done();
}

Task receive_replay(Context& context, const Replay& replay, const Settings& settings) {
    const auto update = parse(replay.body);
    if (!update || !update->is_object()) co_return Outcome::bad_input("replay.unreadable");
    report(context, to_universal(update->get_object(), settings.bot_id), nullptr);
    co_return Outcome::done();
}

Task receive_poll(Context& context, const Poll& poll, const Settings& settings) {
    if (!settings.connected() || !settings.poll)
        co_return Outcome::unsupported("poll.not_configured");
    auto cursor = cursor_of(poll.cursor);
    const auto begun_ms = context.now_ms();
    // After a week without updates Telegram numbers anew from anywhere; an old offset could then
    // confirm what nobody has read.
    if (cursor.seen_ms != 0 && begun_ms - cursor.seen_ms > kOffsetStaleMs) cursor.offset.reset();
    const auto request = updates_request(cursor, settings);
    const HttpReply reply = co_await context.http(request);
    const Answer answer = answer_of(reply);
    if (answer.verdict == Verdict::account_broken)
        co_return Outcome::account_broken(answer.code, answer.text);
    if (answer.verdict == Verdict::conflict) {
        // "terminated by setWebhook request", or "while webhook is active".
        if (answer.text.find("ebhook") == std::string::npos) {
            cursor.failures = kFailuresShown;  // so that the end of it is told too
            context.health(
                "conflict",
                "other_poller",
                "Another program fetches this bot's updates: " + answer.text
            );
            co_return Outcome::polled(text_of(cursor), kOtherPollerMs);
        }
        context.health(
            "degraded",
            "webhook_set",
            "A webhook was set for this bot by another program; it is being removed"
        );
        const auto removal = request_of("deleteWebhook", json::object{}, settings);
        const HttpReply removed = co_await context.http(removal);
        ++cursor.failures;
        const Answer removal_answer = answer_of(removed);
        const bool done = removal_answer.verdict == Verdict::ok;
        if (done) context.health("ok", {}, {});
        if (done) cursor.failures = 0;
        const auto delay =
            done ? 0 : std::max(removal_answer.delay_ms, backoff_ms(cursor.failures));
        co_return Outcome::polled(text_of(cursor), delay);
    }
    const auto* updates = answer.result.if_array();
    if (answer.verdict != Verdict::ok || updates == nullptr)
        co_return fetch_failed(context, answer, cursor);

    Fetched fetched;
    for (const auto& update : *updates) {
        if (!report_update(context, update, settings, &update == updates->data(), fetched)) break;
    }
    if (cursor.failures >= kFailuresShown) context.health("ok", {}, {});
    cursor.failures = 0;
    if (fetched.last) {
        cursor.offset = *fetched.last + 1;
        cursor.seen_ms = context.now_ms();
    }
    // Each further step keeps this answer in the task's journal; a very large one would not fit.
    const auto answered =
        reply.body.size() > kJournalBytesMax ? 0 : std::min(fetched.presses.size(), kAnsweredMax);
    std::int64_t throttled_ms = 0;
    for (std::size_t i = 0; i < answered && throttled_ms == 0; ++i) {
        const auto press =
            request_of("answerCallbackQuery", answer_params(fetched.presses[i]), settings);
        const HttpReply pressed = co_await context.http(press);
        // Too many requests are too many of the bot's: its next poll has to wait as well.
        throttled_ms = answer_of(pressed).delay_ms;
    }
    // A server that answers at once although nothing is there (an emulator) must not be asked in a
    // tight loop.
    const bool idle = updates->empty() && context.now_ms() - begun_ms < kIdlePauseMs;
    co_return Outcome::polled(text_of(cursor), idle ? kIdlePauseMs : throttled_ms);
}

}  // namespace trunkline::telegram
