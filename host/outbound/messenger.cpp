#include "host/outbound/messenger.hpp"

#include <boost/json.hpp>
#include <spdlog/spdlog.h>

#include "host/universal/part_id.hpp"

namespace trunkline::outbound {
namespace {

namespace json = boost::json;
using lanes::KeyedVerdict;
using std::chrono::milliseconds;

// A deadline cuts a call short, and one cut short that must not happen twice ends as `unknown`: so
// there is time for the longest upload, what comes before it, and the sending behind it.
constexpr milliseconds kTaskDeadline{2 * std::int64_t{TL_MAX_TIMEOUT} + 30'000};
constexpr milliseconds kWorthTelling{5'000};               // a longer wait is told to the portal
constexpr WallMs kCommandLives = 15LL * 24 * 3600 * 1000;  // longer than the longest `expires`
constexpr milliseconds kWriteAgain{500};

std::string progress_key(const accounts::Account& account, const std::string& command) {
    return "progress/" + account.id.text() + '/' + command;
}

lanes::WaitScope scope_of(tl_scope scope) {
    switch (scope) {
        case TL_CONVERSATION:
            return lanes::WaitScope::conversation;
        case TL_ACCOUNT:
            return lanes::WaitScope::account;
        case TL_CONNECTOR:
            return lanes::WaitScope::connector;
    }
    return lanes::WaitScope::account;
}

/// The messenger's ids out of a connector's outcome: a list, or an object with `ids`.
std::vector<std::string> ids_of(const std::string& value) {
    std::vector<std::string> out;
    boost::system::error_code bad;
    const json::value parsed = json::parse(value, bad);
    if (bad) return out;
    const json::array* list = parsed.if_array();
    if (const auto* object = parsed.if_object()) {
        if (const auto* ids = object->if_contains("ids")) list = ids->if_array();
    }
    if (list == nullptr) return out;
    for (const json::value& id : *list) {
        if (const auto* text = id.if_string())
            out.emplace_back(*text);
        else if (const auto* number = id.if_int64())
            out.push_back(std::to_string(*number));
    }
    return out;
}

struct Begun {
    std::size_t part = 0;
    std::vector<std::string> messages;
};

/// What `remember` wrote of the record `id`, or of another one that had the same command id long
/// ago: that is nothing begun. None when the row is damaged.
std::optional<Begun> read_begun(const std::string& row, const Ulid& id) {
    boost::system::error_code bad;
    const json::value parsed = json::parse(row, bad);
    const auto* object = bad ? nullptr : parsed.if_object();
    const auto* part = object == nullptr ? nullptr : object->if_contains("part");
    if (part == nullptr || !part->is_int64() || part->as_int64() < 0 || !object->contains("ids"))
        return std::nullopt;
    if (const auto* of = object->if_contains("of"); of != nullptr && *of != json::string{id.text()})
        return Begun{};
    return Begun{static_cast<std::size_t>(part->as_int64()), ids_of(row)};
}

KeyedVerdict verdict(KeyedVerdict::Kind kind, std::string reason, std::string code = {}) {
    KeyedVerdict out;
    out.kind = kind;
    out.reason = std::move(reason);
    out.code = std::move(code);
    return out;
}

void offer(inbound::Accepted& accepted) {
    for (inbound::Fleeting& event : accepted.fleeting)
        event.lane->offer(std::move(event.kind), std::move(event.record), std::move(event.dedup));
    accepted.fleeting.clear();
}

/// The lane writes it together with its own progress.
KeyedVerdict with(KeyedVerdict verdict, inbound::Accepted accepted) {
    offer(accepted);
    verdict.with = std::move(accepted.batch);
    return verdict;
}

/// Splits a refusal's "code: sentence".
std::pair<std::string, std::string> code_and_text(const Error& error) {
    const std::size_t colon = error.context.find(": ");
    if (colon == std::string::npos || colon > 64) return {to_string(error.fault), error.context};
    return {error.context.substr(0, colon), error.context.substr(colon + 2)};
}

}  // namespace

/// Writes what a command's task reports on its way; its end is left to the lane, which writes it
/// with its own progress.
class Messenger::CommandSink final : public tasks::Sink {
public:
    CommandSink(Messenger& owner, inbound::Accepted& done) : owner_{owner}, done_{done} {}

    async::Awaitable<Result<void>> commit(tasks::Durable durable) override {
        const bool ends = durable.outcome.has_value();
        const inbound::Payload nothing;
        inbound::Accepted accepted =
            inbound::accept(owner_.services_.ground, *owner_.account_, std::move(durable), nothing);
        if (!ends) {
            auto written = co_await inbound::write(
                owner_.services_.store, *owner_.account_, std::move(accepted)
            );
            co_return written;
        }
        done_ = std::move(accepted);
        co_return Result<void>{};
    }

private:
    Messenger& owner_;
    inbound::Accepted& done_;
};

async::Awaitable<KeyedVerdict> Messenger::deliver(store::Record record, std::uint32_t attempt) {
    Sending sending;
    sending.id = record.id;
    sending.sequence = record.sequence;
    sending.attempt = attempt;
    const bool readable = sending.command.ParseFromString(record.body);
    auto out = verdict(KeyedVerdict::Kind::dead, "malformed");
    if (readable) {
        auto sent = co_await send(&sending);
        out = std::move(sent);
    }
    if (out.kind == KeyedVerdict::Kind::done || out.kind == KeyedVerdict::Kind::dead)
        finished(record);
    co_return out;
}

// The whole outbound path of one command, in the order it happens.
async::Awaitable<KeyedVerdict> Messenger::send(Sending* sending) {
    if (!account_->strand) co_return verdict(KeyedVerdict::Kind::stop, "connector_absent");
    auto read = co_await read_facts(sending);
    if (!read) co_return verdict(KeyedVerdict::Kind::retry, read.error().context);
    // Before its files are fetched, for nothing and again.
    auto not_yet = co_await foresee_turn(sending);
    if (not_yet) co_return *std::move(not_yet);
    auto prepared = co_await prepare(sending);
    if (!prepared) {
        const Error& error = prepared.error();
        if (error.fault == Fault::storage || error.fault == Fault::unavailable) {
            co_return verdict(KeyedVerdict::Kind::retry, error.context);
        }
        const auto [code, text] = code_and_text(error);
        co_return conclude(*sending, KeyedVerdict::Kind::dead, "failed", code, text);
    }
    for (;;) {
        auto later = co_await take_turn(sending);
        if (later) co_return *std::move(later);
        auto part = co_await send_part(sending);
        // A part that went well and is not the last comes back as a retry without a reason: on to
        // the next.
        if (part.kind != KeyedVerdict::Kind::retry || !part.reason.empty()) co_return part;
    }
}

async::Awaitable<Result<void>> Messenger::read_facts(Sending* sending) {
    const std::string key = progress_key(*account_, sending->command.id());
    struct Read {
        Result<store::Conversation> facts;
        Result<std::optional<store::Row>> progress;
    };
    auto read = co_await services_.pool.run([this, sending, &key] {
        return Read{
            services_.store.conversation(account_->lane, sending->command.conversation()),
            services_.store.row(store::Table::command, key)};
    });
    if (!read.facts) co_return read.facts.error();
    if (!read.progress) co_return read.progress.error();
    sending->facts = *std::move(read.facts);
    if (*read.progress) {
        auto begun = read_begun((*read.progress)->value, sending->id);
        if (!begun) co_return Error{Fault::storage, "progress row is damaged"};
        sending->progress.part = begun->part;
        sending->progress.messages = std::move(begun->messages);
    }
    co_return Result<void>{};
}

async::Awaitable<Result<void>> Messenger::prepare(Sending* sending) {
    auto attached = co_await attach_files(sending);
    if (!attached) co_return attached.error();
    auto degraded = universal::degrade(
        sending->command,
        account_->features,
        sending->facts.kind.empty() ? "direct" : sending->facts.kind
    );
    if (!degraded) co_return degraded.error();
    sending->parts = std::move(degraded->parts);
    sending->changes = std::move(degraded->changes);
    if (sending->progress.part >= sending->parts.size())
        co_return Error{Fault::storage, "progress row does not fit its command"};
    co_return Result<void>{};
}

async::Awaitable<KeyedVerdict> Messenger::send_part(Sending* sending) {
    tasks::Start start;
    start.kind = TL_IN_COMMAND;
    start.key =
        sending->facts.current.empty() ? sending->command.conversation() : sending->facts.current;
    start.note = sending->facts.note;
    start.deadline = kTaskDeadline;
    start.durable_key =
        "command/" + sending->command.id() + '/' + std::to_string(sending->progress.part);
    universal::Command part = sending->parts[sending->progress.part];
    part.set_id(universal::part_id(part.id(), sending->progress.part, sending->parts.size()));
    universal::write_command_json(part, start.body);
    sending->done = {};
    CommandSink sink{*this, sending->done};
    if (!account_->strand) co_return verdict(KeyedVerdict::Kind::stop, "connector_absent");
    tasks::End end = co_await account_->strand->run(std::move(start), sink);
    auto judged = co_await judge(sending, std::move(end));
    co_return judged;
}

async::Awaitable<KeyedVerdict> Messenger::judge(Sending* sending, tasks::End end) {
    using Kind = KeyedVerdict::Kind;
    if (end.fault) {
        const std::string& text = end.fault->context;
        switch (end.fault->fault) {
            case Fault::cancelled:
                co_return verdict(Kind::cancelled, "cancelled");
            case Fault::throttled:
                if (end.fault->pause.count() > 0) {
                    // A quota is used up. It is of one kind of call: others need not wait for it.
                    auto later = co_await wait_in_lane(
                        sending, end.fault->pause, lanes::WaitScope::conversation
                    );
                    co_return later;
                }
                co_return verdict(Kind::retry, text);
            case Fault::storage:
            case Fault::unavailable:
                co_return verdict(Kind::retry, text);
            case Fault::unknown:
                co_return conclude(*sending, Kind::done, "unknown", "unknown", text);
            case Fault::account_broken:
                co_return verdict(Kind::stop, "account_broken", text);
            case Fault::malformed:
            case Fault::forged:
            case Fault::unsupported:
            case Fault::rejected:
            case Fault::not_found:
            case Fault::conflict:
                break;
        }
        co_return conclude(*sending, Kind::dead, "failed", to_string(end.fault->fault), text);
    }
    if (!end.outcome)
        co_return conclude(
            *sending, Kind::dead, "failed", "malformed", "the connector ended without an outcome"
        );
    tasks::Outcome outcome = *std::move(end.outcome);
    switch (outcome.kind) {
        case TL_DONE: {
            auto next = co_await next_part(sending, std::move(outcome.value));
            co_return next;
        }
        case TL_RETRY: {
            auto again = co_await retry(sending, std::move(outcome));
            co_return again;
        }
        case TL_REJECTED:
            co_return conclude(*sending, Kind::dead, "failed", outcome.code, outcome.text);
        case TL_UNKNOWN:
            co_return conclude(
                *sending,
                Kind::done,
                "unknown",
                outcome.code.empty() ? "unknown" : outcome.code,
                outcome.text
            );
        case TL_ACCOUNT_BROKEN: {
            // What the task wanted kept goes with it: its marks are erased, or the command would be
            // taken for one that may have happened when the account works again.
            inbound::Accepted accepted = std::move(sending->done);
            inbound::append_health(
                services_.ground, *account_, accounts::broken(outcome.code, outcome.text), accepted
            );
            co_return with(
                verdict(Kind::stop, "account_broken", outcome.code), std::move(accepted)
            );
        }
        case TL_DEGRADE: {
            auto again = co_await degrade_more(sending, std::move(outcome.code));
            co_return again;
        }
    }
    co_return conclude(
        *sending, Kind::dead, "failed", "malformed", "the connector ended with an unknown outcome"
    );
}

async::Awaitable<KeyedVerdict> Messenger::next_part(Sending* sending, std::string value) {
    for (std::string& id : ids_of(value))
        sending->progress.messages.push_back(std::move(id));
    ++sending->progress.part;
    if (sending->progress.part == sending->parts.size())
        co_return conclude(*sending, KeyedVerdict::Kind::done, "sent", "", "");
    // The next part may fail or be cut short: what was sent must be known by then, so that it is
    // never sent again.
    inbound::Accepted accepted = std::move(sending->done);
    remember(sending->command, sending->id, sending->progress, accepted.batch);
    auto written = co_await write_surely(std::move(accepted));
    if (!written) co_return verdict(KeyedVerdict::Kind::cancelled, written.error().context);
    co_return verdict(KeyedVerdict::Kind::retry, "");
}

// Outlives the command's dead letter: requeued, it goes on behind what was sent.
void Messenger::remember(
    const universal::Command& command, const Ulid& id, const Progress& progress, store::Batch& batch
) const {
    json::array ids;
    for (const std::string& message : progress.messages)
        ids.emplace_back(message);
    batch.put.push_back(
        {store::Table::command,
         progress_key(*account_, command.id()),
         json::serialize(json::object{{"part", progress.part}, {"ids", ids}, {"of", id.text()}}),
         services_.ground.clock.wall_ms() + kCommandLives + services_.dead_letters_keep_ms}
    );
}

// Tries until it is written: the lane would send again what the messenger has taken. Fails only
// when the store is closed; after the restart the task's own marks are still there.
async::Awaitable<Result<void>> Messenger::write_surely(inbound::Accepted accepted) {
    for (;;) {
        inbound::Accepted copy;
        copy.batch = accepted.batch;
        auto written = co_await inbound::write(services_.store, *account_, std::move(copy));
        if (written || written.error().fault == Fault::cancelled) {
            offer(accepted);
            co_return written;
        }
        spdlog::error(
            "outbound.unwritten account={} reason={}", account_->id.text(), written.error().context
        );
        co_await async::pause(kWriteAgain);
    }
}

async::Awaitable<KeyedVerdict> Messenger::retry(Sending* sending, tasks::Outcome outcome) {
    KeyedVerdict out = verdict(
        KeyedVerdict::Kind::retry, outcome.code.empty() ? "retry" : outcome.code, outcome.code
    );
    out.delay = outcome.delay;
    out.scope = scope_of(outcome.scope);
    inbound::Accepted accepted = std::move(sending->done
    );  // erases the task's marks: the connector says that nothing happened
    if (outcome.delay >= kWorthTelling && sending->attempt == 1) {
        Status status;
        status.state = "delayed";
        status.kind = sending->facts.kind;
        status.sequence = sending->sequence;
        status.until_ms = services_.ground.clock.wall_ms() + outcome.delay.count();
        append_status(services_.ground, *account_, sending->command, status, accepted);
    }
    auto written = co_await inbound::write(services_.store, *account_, std::move(accepted));
    if (!written)
        spdlog::warn(
            "outbound.retry_unwritten account={} reason={}",
            account_->id.text(),
            written.error().context
        );
    co_return out;
}

async::Awaitable<KeyedVerdict> Messenger::degrade_more(Sending* sending, std::string feature) {
    universal::Command& part = sending->parts[sending->progress.part];
    universal::Change change;
    change.set_what(feature);
    change.set_how("left out: the messenger refused it");
    if (feature == "spans" && part.message().spans_size() > 0)
        part.mutable_message()->clear_spans();
    else if (feature == "buttons" && part.message().buttons_size() > 0)
        part.mutable_message()->clear_buttons();
    else if (feature == "reply" && part.message().has_reply_to())
        part.mutable_message()->clear_reply_to();
    else
        co_return conclude(
            *sending,
            KeyedVerdict::Kind::dead,
            "failed",
            "unsupported",
            "the messenger refused it: " + feature
        );
    sending->changes.push_back(std::move(change));
    // The refused call's marks must be gone before the next call: they are not of the same request.
    auto written = co_await write_surely(std::move(sending->done));
    if (!written) co_return verdict(KeyedVerdict::Kind::cancelled, written.error().context);
    co_return verdict(KeyedVerdict::Kind::retry, "");
}

KeyedVerdict Messenger::conclude(
    Sending& sending,
    KeyedVerdict::Kind kind,
    const std::string& state,
    std::string code,
    std::string text
) {
    inbound::Accepted accepted = std::move(sending.done);
    append_status(
        services_.ground,
        *account_,
        sending.command,
        {state,
         sending.progress.messages,
         sending.changes,
         code,
         std::move(text),
         0,
         sending.facts.kind,
         sending.sequence},
        accepted
    );
    // Of what failed in the middle it is kept: requeued, only the rest is sent.
    if (kind == KeyedVerdict::Kind::done || sending.progress.part == 0)
        accepted.batch.erase.push_back(
            {store::Table::command, progress_key(*account_, sending.command.id())}
        );
    return with(
        verdict(kind, kind == KeyedVerdict::Kind::dead ? "rejected" : state, std::move(code)),
        std::move(accepted)
    );
}

async::Awaitable<store::Batch> Messenger::expired(store::Record record) {
    std::string code = "expired";
    std::string text = "its time ran out before the messenger took it";
    auto batch = co_await give_up(std::move(record), std::move(code), std::move(text));
    co_return batch;
}

async::Awaitable<store::Batch> Messenger::dropped(store::Record record, const KeyedVerdict& why) {
    std::string code = why.reason.empty() ? "unavailable" : why.reason;
    std::string text = "it is tried once only";
    if (!why.code.empty()) text += ": " + why.code;
    auto batch = co_await give_up(std::move(record), std::move(code), std::move(text));
    co_return batch;
}

async::Awaitable<store::Batch> Messenger::give_up(
    store::Record record, std::string code, std::string text
) {
    finished(record);
    universal::Command command;
    inbound::Accepted accepted;
    if (!command.ParseFromString(record.body)) co_return store::Batch{};
    const std::string key = progress_key(*account_, command.id());
    auto row = co_await services_.pool.run([this, &key] {
        return services_.store.row(store::Table::command, key);
    });
    Status status;
    status.state = "failed";
    status.code = std::move(code);
    status.sequence = record.sequence;
    status.text = std::move(text);
    // What was sent before must be known, so that nobody sends it again: no person, and
    // not the lane after a requeue, for which the row stays.
    if (row && *row) {
        if (auto begun = read_begun((*row)->value, record.id))
            status.messages = std::move(begun->messages);
    }
    append_status(services_.ground, *account_, command, status, accepted);
    offer(accepted);
    co_return std::move(accepted.batch);
}

std::optional<WallMs> Messenger::expires_ms(const store::Record& record) {
    universal::Command command;
    if (!command.ParseFromString(record.body) || !command.has_expires()) return std::nullopt;
    return record.accepted_ms + command.expires();
}

}  // namespace trunkline::outbound
