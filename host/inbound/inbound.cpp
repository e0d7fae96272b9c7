#include "host/inbound/inbound.hpp"

#include <boost/json.hpp>
#include <spdlog/spdlog.h>

#include "host/async/on.hpp"
#include "host/base/base64.hpp"
#include "host/base/stored_row.hpp"
#include "host/inbound/look_up.hpp"
#include "host/inbound/visit.hpp"

namespace trunkline::inbound {
namespace {

constexpr std::chrono::milliseconds kWebhookDeadline{30'000};

}  // namespace

async::Awaitable<Result<void>> write(
    store::Store& store, accounts::Account& account, Accepted accepted
) {
    if (accepted.batch.append.empty() && accepted.batch.put.empty() &&
        accepted.batch.erase.empty() && accepted.batch.conversations.empty()) {
        for (Fleeting& event : accepted.fleeting)
            event.lane->offer(
                std::move(event.kind), std::move(event.record), std::move(event.dedup)
            );
        co_return Result<void>{};
    }
    auto written = co_await store.commit(std::move(accepted.batch));
    if (!written) {
        for (const std::string& alias : accepted.aliases)
            account.known_as.erase(alias);
        if (accepted.former_health) account.set_health(*std::move(accepted.former_health));
        ++account.figures.refused;
        co_return written.error();
    }
    for (const store::Position& position : written->positions)
        ++(position.repeat ? account.figures.repeats : account.figures.received);
    for (Fleeting& event : accepted.fleeting)
        event.lane->offer(std::move(event.kind), std::move(event.record), std::move(event.dedup));
    co_return Result<void>{};
}

async::Awaitable<Result<Kinds>> EventSink::look_up(tasks::Durable* durable) {
    // A placeholder that turns out to be an echo is better replaced by it than left standing.
    std::vector<Question> questions;
    if (replay_ == nullptr) questions = questions_about(account_, *durable);
    for (const tasks::Alias& alias : durable->aliases)
        questions.push_back({original_id(account_, alias.former), {}, 0, {}, false});
    if (questions.empty() || ground_.pool == nullptr) co_return Kinds{};
    const auto ask = [this, &questions] { return find_answers(store_, account_, questions); };
    auto answered = co_await ground_.pool->run(ask);
    if (!answered) co_return answered.error();
    Kinds kinds;
    for (auto question = questions.rbegin(); question != questions.rend(); ++question) {
        if (question->message.empty())
            kinds[question->conversation] = question->kind;
        else if (question->ours)
            durable->items.erase(
                durable->items.begin() + static_cast<std::ptrdiff_t>(question->item)
            );
    }
    co_return kinds;
}

async::Awaitable<Result<void>> EventSink::commit(tasks::Durable durable) {
    auto kinds = co_await look_up(&durable);
    if (!kinds) co_return kinds.error();
    if (!durable.items.empty()) {
        const auto now = ground_.clock.steady();
        const auto wait =
            account_.portal->take_events(now, static_cast<double>(durable.items.size()));
        if (wait.count() > 0)
            co_return Error{Fault::throttled, "the portal's events per second are used up", wait};
    }
    std::optional<std::string> cursor;
    if (keep_cursor_ && durable.outcome && durable.outcome->kind == TL_DONE)
        cursor = durable.outcome->value;
    Accepted accepted = accept(ground_, account_, std::move(durable), input_, replay_, *kinds);
    if (accepted.unreadable)
        co_return Error{
            Fault::unsupported, "the connector still cannot read it: " + *accepted.unreadable};
    if (replay_ != nullptr && !replay_->first) {
        // With the events themselves, so that a crash in between repeats neither.
        Ulid id;
        Ulid::parse(replay_->replaces, id);
        accepted.batch.erase.push_back({store::Table::quarantine, std::string{id.view()}});
    }
    if (cursor)
        accepted.batch.put.push_back(
            {store::Table::cursor, account_.id.text(), *std::move(cursor), 0}
        );
    const bool copies = accepted.to_copy > 0;
    std::vector<Met> met = std::move(accepted.met);
    auto written = co_await write(store_, account_, std::move(accepted));
    if (!written) co_return written;
    if (copies) ground_.copies_wait();
    if (!met.empty() && ground_.customers_met) ground_.customers_met(account_, std::move(met));
    co_return written;
}

// The whole inbound path, in the order it happens. All branching is here.
async::Awaitable<net::Response> Inbound::webhook(
    std::shared_ptr<accounts::Account> account, net::Request request
) {
    if (account->disconnected) {
        ++account->figures.refused;
        co_return net::Response{};  // nobody wants it; a refusal would only bring it again
    }
    tasks::Start start;
    start.kind = TL_IN_WEBHOOK;
    start.method = request.head.method;
    start.target = below_hook(request.head.target);
    start.pairs.reserve(request.head.headers.size());
    for (const net::HeaderView& header : request.head.headers)
        start.pairs.push_back({std::string{header.name}, std::string{header.value}});
    start.body = std::move(request.body);
    start.deadline = kWebhookDeadline;
    auto visit = std::make_shared<Visit>(ground_, store_, account, std::move(start));
    auto response = co_await async::on(account->loop.get_executor(), [&visit] {
        return visit->answer_to_messenger();
    });
    co_return response;
}

async::Awaitable<Result<void>> Inbound::replay(std::string quarantine_id) {
    Ulid id;
    if (!Ulid::parse(quarantine_id, id)) co_return Error{Fault::not_found, "no such quarantine id"};
    const std::string key{id.view()};
    auto row =
        co_await pool_.run([this, &key] { return store_.row(store::Table::quarantine, key); });
    if (!row) co_return row.error();
    if (!*row) co_return Error{Fault::not_found, "no such quarantine id"};
    StoredRow kept{"quarantine " + quarantine_id, (*row)->value};
    const std::string encoded = kept.text("raw");
    const std::string owner = kept.text("account");
    auto whole = kept.whole();
    Payload payload;
    if (whole && !base64_decode(encoded, payload.body))
        whole =
            Error{Fault::storage, "stored row quarantine " + quarantine_id + " is damaged: raw"};
    if (!whole) co_return whole.error();
    read_request((*row)->value, payload);
    auto account = directory_.account(owner);
    if (!account) co_return Error{Fault::not_found, "its account is gone"};

    auto done = co_await async::on(
        account->loop.get_executor(),
        [this, &account, &quarantine_id, &payload] {
            return take_again(account, quarantine_id, payload);
        }
    );
    co_return done;
}

async::Awaitable<Result<void>> Inbound::take_again(
    std::shared_ptr<accounts::Account> account, std::string quarantine_id, const Payload& payload
) {
    if (!account->strand)
        co_return Error{Fault::unavailable, "the connector of this account is not there"};
    Replay replay{quarantine_id, true};
    EventSink sink{ground_, store_, *account, payload, &replay};
    tasks::Start start;
    start.kind = TL_IN_REPLAY;
    start.method = payload.method;
    start.target = payload.target;
    start.pairs = payload.headers;
    start.body = payload.body;
    tasks::End end = co_await account->strand->run(std::move(start), sink);
    if (end.fault) co_return *end.fault;
    if (replay.first)
        co_return Error{Fault::unsupported, "the connector still reports nothing for it"};
    co_return Result<void>{};
}

}  // namespace trunkline::inbound
