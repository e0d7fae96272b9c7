#include "host/outbound/commands.hpp"

#include <map>

#include <boost/json.hpp>
#include <spdlog/spdlog.h>

#include "host/async/on.hpp"
#include "host/async/spawn.hpp"
#include "host/inbound/inbound.hpp"

namespace trunkline::outbound {
namespace {

namespace json = boost::json;

constexpr WallMs kRemembered = 24LL * 3600 * 1000;
constexpr std::size_t kFleetingTasksMax =
    256;  // typing and read marks under way per account; more are dropped

std::string row_key(const accounts::Portal& portal, const std::string& id) {
    return "result/" + portal.id.text() + '/' + id;
}

json::object accepted(const std::string& id) {
    return {{"id", id}, {"status", "accepted"}};
}

json::object rejected(const std::string& id, std::string_view code, std::string_view message) {
    return {{"id", id}, {"status", "rejected"}, {"error", {{"code", code}, {"message", message}}}};
}

/// Typing and read marks are worth nothing a minute later, so they wait in no lane.
bool is_fleeting(const universal::Command& command) {
    return command.type() == "typing" || command.type() == "read";
}

net::Response unauthorized() {
    return net::problem(401, "unauthorized", "the request is not authentic");
}

net::Response not_now(std::string_view why, std::string_view after) {
    net::Response response = net::problem(503, "unavailable", why);
    response.headers.push_back({"Retry-After", std::string{after}});
    return response;
}

/// Swallows what a fleeting task reports besides events: there is no lane position to write it
/// with.
class FleetingSink final : public tasks::Sink {
public:
    FleetingSink(const inbound::Ground& ground, store::Store& store, accounts::Account& account)
        : ground_{ground}, store_{store}, account_{account} {}
    async::Awaitable<Result<void>> commit(tasks::Durable durable) override {
        const inbound::Payload nothing;
        inbound::Accepted accepted =
            inbound::accept(ground_, account_, std::move(durable), nothing);
        auto written = co_await inbound::write(store_, account_, std::move(accepted));
        co_return written;
    }

private:
    const inbound::Ground& ground_;
    store::Store& store_;
    accounts::Account& account_;
};

async::Awaitable<> run_fleeting(
    std::shared_ptr<accounts::Account> account,
    tasks::Start start,
    const inbound::Ground& ground,
    store::Store& store
) {
    if (!account->strand || account->strand->open_tasks() > kFleetingTasksMax) co_return;
    // Where it would have to wait for the messenger's limits it is worth nothing any more. It is no
    // message, so it counts for the account and not for the conversation.
    if (const auto ledger = account->ledger; ledger && ledger->limits()) {
        const quotas::Ask ask;
        auto turn = co_await ledger->take(ask);
        if (!turn || turn->wait.count() > 0) {
            spdlog::debug("outbound.fleeting_dropped account={}", account->id.text());
            co_return;
        }
    }
    FleetingSink sink{ground, store, *account};
    tasks::End end = co_await account->strand->run(std::move(start), sink);
    if (end.fault)
        spdlog::debug(
            "outbound.fleeting_failed account={} reason={}",
            account->id.text(),
            to_string(end.fault->fault)
        );
}

json::array list_accounts(const accounts::Directory& directory, const accounts::Portal& portal) {
    json::array out;
    for (const auto& [id, account] : directory.accounts()) {
        if (account->portal->id != portal.id) continue;
        const accounts::Health health = account->health();
        out.push_back(json::object{
            {"account", id},
            {"connector", account->connector.text()},
            {"line", account->line},
            {"state", to_string(health.state)},
            {"code", health.code},
            {"text", explained(health)},
            {"action", action_of(health)},
            {"since", rfc3339(health.since_ms)},
        });
    }
    return out;
}

}  // namespace

// The whole way of a portal's request, in the order it happens.
async::Awaitable<net::Response> Commands::handle(
    std::shared_ptr<accounts::Portal> portal, net::Request request
) {
    Letter letter;
    letter.id = request.head.header("webhook-id");
    letter.timestamp = request.head.header("webhook-timestamp");
    letter.signature = request.head.header("webhook-signature");
    letter.content_type = request.head.header("Content-Type");
    letter.body = std::move(request.body);
    auto response = co_await async::on(portal->loop.get_executor(), [this, &portal, &letter] {
        return take(portal, std::move(letter));
    });
    co_return response;
}

async::Awaitable<net::Response> Commands::take(
    std::shared_ptr<accounts::Portal> portal, Letter letter
) {
    const WallMs now = services_.ground.clock.wall_ms();
    const auto keys = portal->keys();  // those that the opener is made from
    auto opened = portal->opener().open(
        {letter.id, letter.timestamp, letter.signature, letter.content_type, letter.body},
        portal->terms()->encrypt,
        now
    );
    if (!opened) {
        spdlog::warn(
            "commands.refused portal={} reason={}", portal->id.text(), opened.error().context
        );
        co_return unauthorized();
    }
    if (opened->by_next) {
        const auto promote = [&keys] {
            keys->saw_next();
            return true;
        };
        co_await services_.pool.run(promote);
    }
    auto read = universal::read_commands(opened->plain);
    if (!read) co_return net::problem(400, "malformed", read.error().context);
    const auto wait =
        portal->take_commands(services_.ground.clock.steady(), static_cast<double>(read->size()));
    if (wait.count() > 0)
        co_return not_now("too many commands per second", std::to_string(1 + wait.count() / 1000));

    // From here to the answer: two requests with one id must not both find it new.
    std::set<std::string> ids;
    for (const universal::ReadCommand& one : *read) {
        if (!one.id.empty()) ids.insert(one.id);
    }
    auto claim = co_await under_way_.claim(portal->id.text(), std::move(ids));

    std::vector<Entry> entries(read->size());
    for (std::size_t i = 0; i < read->size(); ++i)
        entries[i].read = std::move((*read)[i]);
    auto looked = co_await look_up(*portal, &entries);
    if (!looked) co_return not_now(to_string(looked.error().fault), "5");
    std::map<std::string_view, const Entry*> first;
    for (Entry& entry : entries) {
        if (!entry.read.id.empty()) {
            // Twice in one request is once, whatever the second asks for.
            const auto [at, is_new] = first.emplace(entry.read.id, &entry);
            if (!is_new) {
                entry.same_as = at->second;
                continue;
            }
        }
        if (entry.answer.empty()) decide(*portal, entry);
        if (entry.answer.empty() && entry.read.command.type() == "media") {
            auto announced = co_await announce(*portal, &entry);
            if (!announced) co_return not_now(to_string(announced.error().fault), "5");
        }
    }
    auto written = co_await accept(*portal, &entries);
    if (!written) co_return not_now(to_string(written.error().fault), "5");

    json::array results;
    for (Entry& entry : entries)
        results.push_back(std::move(entry.answer));
    net::Response response;
    response.status = 202;
    response.headers.push_back({"Content-Type", "application/json"});
    response.body = json::serialize(json::object{{"results", std::move(results)}});
    co_return response;
}

async::Awaitable<Result<void>> Commands::look_up(
    accounts::Portal& portal, std::vector<Entry>* entries
) {
    for (Entry& entry : *entries) {
        auto account = services_.directory.account(entry.read.command.account());
        if (account && account->portal->id == portal.id) entry.account = std::move(account);
    }
    auto done = co_await services_.pool.run([this, &portal, entries]() -> Result<void> {
        for (Entry& entry : *entries) {
            if (entry.read.id.empty()) continue;
            auto row = services_.store.row(store::Table::command, row_key(portal, entry.read.id));
            if (!row) return row.error();
            if (*row) {
                boost::system::error_code bad;
                json::value before = json::parse((*row)->value, bad);
                if (bad || !before.is_object())
                    return Error{Fault::storage, "result row is damaged"};
                entry.answer = std::move(before.as_object());
                entry.remembered = true;
                continue;
            }
            if (!entry.account) continue;
            auto facts = services_.store.conversation(
                entry.account->lane, entry.read.command.conversation()
            );
            if (!facts) return facts.error();
            entry.facts = *std::move(facts);
        }
        return {};
    });
    co_return done;
}

void Commands::decide(accounts::Portal& portal, Entry& entry) {
    const universal::Command& command = entry.read.command;
    if (!entry.read.code.empty()) {
        entry.answer = rejected(entry.read.id, entry.read.code, entry.read.message);
    } else if (command.type() == "accounts") {
        entry.answer = accepted(command.id());
        entry.answer["accounts"] = list_accounts(services_.directory, portal);
    } else if (command.type() == "media") {
        if (command.media().size() > portal.limits().media_bytes) {
            entry.answer =
                rejected(command.id(), "too_large", "the file is larger than this portal may send");
        }
    } else if (!entry.account) {
        entry.answer =
            rejected(command.id(), "account_not_found", "this portal has no such account");
    } else if (entry.facts.customer_first_ms == 0) {
        entry.answer = rejected(
            command.id(),
            "conversation_not_started",
            "the customer has not opened this conversation"
        );
    }
}

async::Awaitable<Result<void>> Commands::announce(accounts::Portal& portal, Entry* entry) {
    const universal::Command& command = entry->read.command;
    media::File file;
    file.id = make_ulid(services_.ground.clock.wall_ms()).text();
    file.portal = portal.id;
    file.name = command.media().name();
    file.mime = command.media().mime();
    file.size = command.media().size();
    file.sha256 = command.media().sha256();
    auto token = co_await services_.files.announce(file);
    if (!token) co_return token.error();
    entry->answer = accepted(command.id());
    entry->answer["media"] =
        json::object{{"id", file.id}, {"put", services_.public_url + "/v1/uploads/" + *token}};
    co_return Result<void>{};
}

async::Awaitable<Result<void>> Commands::accept(
    accounts::Portal& portal, std::vector<Entry>* entries
) {
    const WallMs now = services_.ground.clock.wall_ms();
    store::Batch batch;
    std::vector<Entry*> fleeting;
    for (Entry& entry : *entries) {
        if (entry.same_as != nullptr) {
            entry.answer = entry.same_as->answer;
            continue;
        }
        if (entry.remembered) continue;
        const universal::Command& command = entry.read.command;
        const bool undecided = entry.answer.empty();
        if (undecided) entry.answer = accepted(command.id());
        const store::Put result{
            store::Table::command,
            row_key(portal, entry.read.id),
            json::serialize(entry.answer),
            now + kRemembered};
        if (undecided && !is_fleeting(command)) {
            store::Append append;
            append.lane = entry.account->lane;
            append.conversation = command.conversation();
            append.id = make_ulid(now);
            append.accepted_ms = now;
            append.dedup = "command\x1f" + portal.id.text() + '\x1f' + command.id();
            append.dedup_until_ms = now + kRemembered;
            append.body = command.SerializeAsString();
            append.with.push_back(result);
            batch.append.push_back(std::move(append));
        } else if (!entry.read.id.empty() && (undecided || command.type() != "accounts")) {
            batch.put.push_back(result);
        }
        if (undecided && is_fleeting(command)) fleeting.push_back(&entry);
    }
    if (!batch.append.empty() || !batch.put.empty()) {
        auto written = co_await services_.store.commit(std::move(batch));
        if (!written) co_return written.error();
    }
    for (const Entry* entry : fleeting)
        pass_on(*entry);
    co_return Result<void>{};
}

void Commands::pass_on(const Entry& entry) {
    tasks::Start start;
    start.kind = TL_IN_COMMAND;
    start.key =
        entry.facts.current.empty() ? entry.read.command.conversation() : entry.facts.current;
    start.note = entry.facts.note;
    start.deadline = std::chrono::milliseconds{10'000};
    universal::write_command_json(entry.read.command, start.body);
    auto account = entry.account;
    const inbound::Ground* ground = &services_.ground;
    store::Store* store = &services_.store;
    async::spawn(
        account->loop.get_executor(),
        "fleeting command",
        [account, start = std::move(start), ground, store]() mutable -> async::Awaitable<> {
            co_await run_fleeting(account, std::move(start), *ground, *store);
        }
    );
}

}  // namespace trunkline::outbound
