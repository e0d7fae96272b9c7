#include "host/quotas/ledger.hpp"

#include <algorithm>
#include <limits>
#include <tuple>

#include <spdlog/spdlog.h>

namespace trunkline::quotas {
namespace {

using std::chrono::milliseconds;

constexpr std::size_t kSweepAt = 1'024;
constexpr std::size_t kChatsMax = 100'000;
constexpr milliseconds kTooMany{1'000};
constexpr milliseconds kLook{2};

Tally::RulesOf share(std::vector<Rule> rules) {
    return std::make_shared<const std::vector<Rule>>(std::move(rules));
}

bool any_kept(const std::vector<Rule>& rules) {
    return std::ranges::any_of(rules, &Rule::kept);
}

std::string row_of_connector(const std::string& connector) {
    return "spent/connector/" + connector;
}

}  // namespace

std::string row_of_account(const std::string& account) {
    return "spent/account/" + account;
}

std::string rows_of_chats(const std::string& account) {
    return "spent/chat/" + account + '/';
}

Ledger::Ledger(Services services, const AccountId& account)
    : services_{std::move(services)},
      account_{account.text()},
      began_{services_.clock.steady()},
      of_chats_{share({})},
      of_account_{share({})},
      own_{of_account_, began_, began_},
      sweep_at_{kSweepAt},
      swept_{began_} {}

void Ledger::adopt(
    const Rules& rules, const ConnectorId& connector, std::shared_ptr<Shared> shared
) {
    const auto now = services_.clock.steady();
    connector_ = connector.text();
    shared_ = std::move(shared);
    of_chats_ = share(rules.of(Scope::chat));
    of_account_ = share(rules.of(Scope::account));
    limits_ = std::ranges::any_of(rules.all, [](const Rule& rule) { return rule.bucket.empty(); });
    kept_ = any_kept(rules.all);
    chats_kept_ = any_kept(*of_chats_);
    own_.adopt(of_account_, now);
    for (auto& [conversation, tally] : chats_)
        tally.adopt(of_chats_, now);
}

async::Awaitable<Result<void>> Ledger::open() {
    struct Read {
        Result<std::optional<store::Row>> own;
        Result<std::optional<store::Row>> shared;
    };
    const std::string own = row_of_account(account_);
    const std::string shared = row_of_connector(connector_);
    auto read = co_await services_.pool.run([this, &own, &shared] {
        return Read{
            services_.store.row(store::Table::account, own),
            services_.store.row(store::Table::account, shared)};
    });
    if (!read.own) co_return read.own.error();
    if (!read.shared) co_return read.shared.error();
    const Moment now = moment_of(services_.clock);
    if (!own_.restored()) {
        own_.mark_restored();
        if (*read.own && !own_.restore((*read.own)->value, now))
            spdlog::error("quota.unreadable account={}", account_);
    }
    if (shared_) shared_->restore(*read.shared ? (*read.shared)->value : std::string{}, now);
    co_return Result<void>{};
}

/// Whether a call counts against something of its conversation that may lie on disk.
bool Ledger::on_disk(const Call& call) const {
    return chats_kept_ && std::ranges::any_of(*of_chats_, [&call](const Rule& rule) {
               return rule.kept() && rule.counts(call);
           });
}

std::string Ledger::chat_key(const std::string& conversation) const {
    return rows_of_chats(account_) + conversation;
}

async::Awaitable<Result<void>> Ledger::know(const Ask& ask) {
    if (ask.conversation.empty() || !on_disk(ask.call())) co_return Result<void>{};
    const auto known = chats_.find(ask.conversation);
    if (known != chats_.end() && known->second.restored()) co_return Result<void>{};
    const std::string key = chat_key(ask.conversation);
    auto row = co_await services_.pool.run([this, &key] {
        return services_.store.row(store::Table::account, key);
    });
    if (!row) co_return row.error();
    Tally* tally = chat_of(ask.conversation, services_.clock.steady());
    if (tally == nullptr || tally->restored()) co_return Result<void>{};
    tally->mark_restored();
    if (*row && !tally->restore((*row)->value, moment_of(services_.clock)))
        spdlog::error("quota.unreadable account={} scope=chat", account_);
    co_return Result<void>{};
}

Tally* Ledger::chat_of(const std::string& conversation, Tally::Time now) {
    const auto known = chats_.find(conversation);
    if (known != chats_.end()) return &known->second;
    // Where all there may be are in use, a sweep for each that is new would cost more than it
    // gives.
    const bool worth_it = chats_.size() < kChatsMax || now >= swept_ + kTooMany;
    if (chats_.size() >= sweep_at_ && worth_it) sweep(now);
    if (chats_.size() >= kChatsMax) return nullptr;
    return &chats_.try_emplace(conversation, of_chats_, began_, now).first->second;
}

void Ledger::sweep(Tally::Time now) {
    for (auto at = chats_.begin(); at != chats_.end();)
        at = at->second.idle(now) ? chats_.erase(at) : std::next(at);
    sweep_at_ = std::clamp(2 * chats_.size(), kSweepAt, kChatsMax);
    swept_ = now;
}

Turn Ledger::decide(const Ask& ask, Tally::Time now, bool taking) {
    const Call call = ask.call();
    Tally* chat = nullptr;
    if (!of_chats_->empty() && !ask.conversation.empty()) {
        chat = chat_of(ask.conversation, now);
        if (chat == nullptr) return {kTooMany, Scope::account, false, {}};
    }
    Turn turn;
    if (chat != nullptr) turn = turn_of(chat->wait(call, ask.key, now));
    if (turn.wait.count() == 0) turn = turn_of(own_.wait(call, ask.key, now));
    if (turn.wait.count() == 0 && shared_)
        turn = taking ? shared_->take(call, ask.key, now) : shared_->look(call, ask.key, now);
    if (!taking) return turn;
    if (turn.wait.count() == 0) {
        if (chat != nullptr) chat->charge(call, ask.key, now);
        own_.charge(call, ask.key, now);
    } else if (!ask.key.empty()) {
        const auto due = now + turn.wait;
        if (turn.scope == Scope::chat && chat != nullptr) chat->stand_in_line(call, ask.key, due);
        if (turn.scope == Scope::account) own_.stand_in_line(call, ask.key, due);
    }
    return turn;
}

async::Awaitable<Result<Turn>> Ledger::take(const Ask& ask) {
    auto known = co_await know(ask);
    if (!known) co_return known.error();
    co_return decide(ask, services_.clock.steady(), true);
}

void Ledger::leave_line(const Ask& ask) {
    if (ask.key.empty()) return;
    const auto chat = chats_.find(ask.conversation);
    if (chat != chats_.end()) chat->second.leave_line(ask.key);
    own_.leave_line(ask.key);
    if (shared_) shared_->leave_line(ask.key);
}

async::Awaitable<Result<Turn>> Ledger::look(const Ask& ask) {
    auto known = co_await know(ask);
    if (!known) co_return known.error();
    co_return decide(ask, services_.clock.steady(), false);
}

milliseconds Ledger::forecast(
    const Ask& ask, std::uint64_t ahead_in_chat, std::uint64_t ahead_in_account
) {
    const auto now = services_.clock.steady();
    const Call call = ask.call();
    milliseconds out{0};
    if (!of_chats_->empty()) {
        const auto known = chats_.find(ask.conversation);
        // Of one that nobody has spoken to, nothing is spent.
        Tally fresh{of_chats_, began_, now};
        out = (known == chats_.end() ? fresh : known->second).forecast(call, ahead_in_chat, now);
    }
    // How many of those ahead are of its kind is not known: what is for some kinds only says
    // nothing.
    const Call of_any{ask.bucket, {}};
    out = std::max(out, own_.forecast(of_any, ahead_in_account, now));
    if (shared_) out = std::max(out, shared_->forecast(of_any, ahead_in_account, now));
    return out;
}

std::uint64_t Ledger::room_within(const std::string& conversation, milliseconds span) {
    const auto now = services_.clock.steady();
    const Call call{{}, kAnyKind};
    if (of_chats_->empty()) return std::numeric_limits<std::uint32_t>::max();
    const auto known = chats_.find(conversation);
    Tally fresh{of_chats_, began_, now};
    return (known == chats_.end() ? fresh : known->second).room_within(call, span, now);
}

async::Awaitable<Ledger::Writing> Ledger::write_ahead(
    const std::string& conversation, std::vector<store::Put>* put, bool alone
) {
    Writing out;
    if (!kept_) co_return out;
    const auto add = [put](std::string key, std::string value, WallMs expires) {
        put->push_back({store::Table::account, std::move(key), std::move(value), expires});
    };
    // Rows of one holder are written one after the other: a later one must not be overtaken by one
    // that says less is spent.
    for (;;) {
        const Moment now = moment_of(services_.clock);
        if (!own_.owed(now.steady)) break;
        if (!own_.writing()) {
            add(row_of_account(account_), own_.row(now, alone), own_.row_expires(now.wall));
            out.account = true;
            break;
        }
        co_await async::pause(kLook);
    }
    for (;;) {
        const Moment now = moment_of(services_.clock);
        const auto chat = chats_.find(conversation);
        if (chat == chats_.end() || !chat->second.owed(now.steady)) break;
        Tally& tally = chat->second;
        if (!tally.writing()) {
            add(chat_key(conversation), tally.row(now, alone), tally.row_expires(now.wall));
            out.chat = true;
            out.conversation = conversation;
            break;
        }
        co_await async::pause(kLook);
    }
    for (const auto shared = shared_; shared;) {
        const Moment now = moment_of(services_.clock);
        std::string row;
        WallMs expires = 0;
        const Shared::Owed owed = shared->owed(now, alone, &row, &expires);
        if (owed == Shared::Owed::row) {
            add(row_of_connector(connector_), std::move(row), expires);
            out.shared = shared;
        }
        if (owed != Shared::Owed::somebody_writes) break;
        co_await async::pause(kLook);
    }
    co_return out;
}

void Ledger::wrote(const Writing& writing, bool ok) {
    if (writing.account) own_.written(ok);
    if (writing.chat) {
        const auto chat = chats_.find(writing.conversation);
        if (chat != chats_.end()) chat->second.written(ok);
    }
    if (writing.shared) writing.shared->written(ok);
}

std::vector<Ledger::Listed> Ledger::list(std::size_t chats_max) {
    const auto now = services_.clock.steady();
    std::vector<Listed> out;
    for (const Tally::Room& room : own_.rooms(now))
        out.push_back({*room.rule, {}, room.room, room.next, room.waiting});
    if (shared_) {
        for (const Shared::Listed& each : shared_->list(now))
            out.push_back({each.rule, {}, each.room.room, each.room.next, each.room.waiting});
    }
    std::vector<Listed> chats;
    for (auto& [conversation, tally] : chats_) {
        for (const Tally::Room& room : tally.rooms(now)) {
            if (room.room < room.rule->burst)
                chats.push_back({*room.rule, conversation, room.room, room.next, room.waiting});
        }
    }
    const std::size_t count = std::min(chats_max, chats.size());
    const auto end = chats.begin() + static_cast<std::ptrdiff_t>(count);
    std::partial_sort(chats.begin(), end, chats.end(), [](const Listed& a, const Listed& b) {
        return std::tie(b.next, a.room, a.conversation) < std::tie(a.next, b.room, b.conversation);
    });
    std::move(chats.begin(), end, std::back_inserter(out));
    return out;
}

}  // namespace trunkline::quotas
