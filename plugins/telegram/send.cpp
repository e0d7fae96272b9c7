#include "send.hpp"

#include <algorithm>

#include "api.hpp"
#include "json_read.hpp"
#include "repair.hpp"

namespace trunkline::telegram {

namespace {

constexpr int kAttemptsMax = 8;  // all repairs together are fewer
constexpr int kWaitsMax = 3;     // in one task; beyond it the host's lane waits
constexpr int kNoWaits = 0;      // a typing mark that comes late is worse than none
constexpr std::int64_t kUnavailableMs = 2'000;
constexpr std::int64_t kThrottledMs = 5'000;
constexpr std::int64_t kConflictMs = 30'000;
constexpr std::int64_t kWorthTellingMs = 30'000;  // shorter pauses are everyday

/// What became of one call.
struct Sent {
    std::vector<std::string> ids;
    std::optional<Outcome> failed;
};

std::vector<std::string> ids_of(const json::value& result) {
    std::vector<std::string> ids;
    const auto add = [&ids](const json::value& sent) {
        const auto* message = sent.if_object();
        const auto id = message == nullptr ? std::nullopt : integer_at(*message, "message_id");
        if (id) ids.push_back(std::to_string(*id));
    };
    if (const auto* several = result.if_array()) {
        for (const auto& each : *several)
            add(each);
    } else {
        add(result);
    }
    return ids;
}

std::int64_t delay_of(const Answer& answer) {
    if (answer.delay_ms > 0) return answer.delay_ms;
    return answer.throttled ? kThrottledMs : kUnavailableMs;
}

/// How the task ends when a call cannot be made. `begun`: something of this command has been sent,
/// so it must not start anew.
Outcome failure(const Answer& answer, bool begun) {
    switch (answer.verdict) {
        case Verdict::unknown:
            return Outcome::unknown(answer.code, answer.text);
        case Verdict::account_broken:
            return Outcome::account_broken(answer.code, answer.text);
        case Verdict::retry:
            if (begun) break;
            return Outcome::retry(delay_of(answer), Scope::account, answer.code, answer.text);
        case Verdict::conflict:
            if (begun) break;
            return Outcome::retry(kConflictMs, Scope::account, answer.code, answer.text);
        default:
            break;
    }
    return Outcome::rejected(answer.code, answer.text);
}

/// Done as far as the customer can see: the message says, or no longer says, what was asked for.
bool as_good_as_done(const Answer& answer, const Call& call, bool repeated) {
    if (answer.verdict == Verdict::not_modified || answer.verdict == Verdict::ignore) return true;
    const bool deletion = call.method == "deleteMessage" || call.method == "deleteBusinessMessages";
    return repeated && deletion && answer.code == "message_not_found";
}

/// Makes one call, repairing and waiting as far as that is safe. `call` is the caller's and keeps a
/// group's new id.
Step<Sent> deliver(
    Context& context, Call& call, const Settings& settings, bool begun, int waits_max
) {
    bool repeated = false;
    int waits = 0;
    for (int attempt = 0;; ++attempt) {
        const auto request = request_of(call, settings);
        const HttpReply reply = co_await context.http(request);
        const Answer answer = answer_of(reply);
        Sent sent;
        if (answer.verdict == Verdict::ok) {
            sent.ids = ids_of(answer.result);
            co_return sent;
        }
        if (as_good_as_done(answer, call, repeated)) co_return sent;
        if (attempt < kAttemptsMax && repair(call, answer)) {
            if (answer.verdict == Verdict::migrated) {
                context.alias(
                    std::to_string(answer.migrate_to), std::to_string(call.migrated_from)
                );
            }
            continue;
        }
        // An edit or a deletion may be made twice, a message may not. Once something was sent,
        // waiting happens here, because starting the command anew would send that again.
        const bool again = (answer.verdict == Verdict::unknown && !call.once) ||
                           (answer.verdict == Verdict::retry && begun);
        const auto due = context.now_ms() + delay_of(answer);
        if (again && waits < waits_max && due < context.deadline_ms()) {
            ++waits;
            repeated = true;
            (void)co_await context.sleep_until(due);
            continue;
        }
        if (answer.verdict == Verdict::unknown && !call.once && !begun) {
            sent.failed =
                Outcome::retry(kUnavailableMs, Scope::conversation, answer.code, answer.text);
        } else {
            sent.failed = failure(answer, begun);
        }
        if (answer.throttled && delay_of(answer) >= kWorthTellingMs)
            context.health("rate_limited", answer.code, "Telegram lets the bot wait", due);
        co_return sent;
    }
}

}  // namespace

Task perform_command(Context& context, const Command& command, const Settings& settings) {
    if (!settings.connected())
        co_return Outcome::account_broken("not_connected", "The account has no token yet");
    const auto document = parse(command.json);
    if (!document || !document->is_object()) co_return Outcome::bad_input("command.unreadable");
    const auto place = place_of(command.conversation, command.note);
    if (!place)
        co_return Outcome::rejected("conversation_not_found", "This is no Telegram conversation");

    auto plan = plan_command(document->get_object(), *place);
    if (plan.refused) {
        if (!plan.refused->degrade.empty()) co_return Outcome::degrade(plan.refused->degrade);
        co_return Outcome::rejected(plan.refused->code, plan.refused->text);
    }
    const bool fleeting = text_at(document->get_object(), "type") == "typing";
    std::vector<std::string> ids;
    bool begun = false;
    std::int64_t moved_to = 0;
    for (auto& call : plan.calls) {
        if (moved_to != 0) call.params["chat_id"] = moved_to;
        Sent sent = co_await deliver(
            context, call, settings, begun || fleeting, fleeting ? kNoWaits : kWaitsMax
        );
        if (call.moved) moved_to = integer_at(call.params, "chat_id").value_or(0);
        ids.insert(ids.end(), sent.ids.begin(), sent.ids.end());
        if (sent.failed) co_return ids.empty() ? *sent.failed : sent.failed->ids(ids);
        begun = true;
    }
    co_return ids.empty() ? Outcome::done() : Outcome::done(ids);
}

}  // namespace trunkline::telegram
