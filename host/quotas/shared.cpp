#include "host/quotas/shared.hpp"

#include <algorithm>

namespace trunkline::quotas {

Turn turn_of(const Tally::Answer& answer) {
    Turn turn;
    turn.wait = answer.wait;
    if (answer.rule == nullptr) return turn;
    turn.scope = answer.rule->scope;
    turn.one_kind = !answer.rule->kinds.empty() || !answer.rule->bucket.empty();
    turn.bucket = answer.rule->bucket;
    return turn;
}

Shared::Shared(std::vector<Rule> rules, Time began, Time now)
    : rules_{std::move(rules)},
      tally_{std::make_shared<const std::vector<Rule>>(rules_), began, now} {}

void Shared::adopt(const std::vector<Rule>& rules, Time now) {
    const std::lock_guard lock{mutex_};
    const auto same = [](const Rule& a, const Rule& b) {
        return a.id == b.id && a.rate == b.rate && a.burst == b.burst;
    };
    if (std::ranges::equal(rules, rules_, same)) return;
    rules_ = rules;
    tally_.adopt(std::make_shared<const std::vector<Rule>>(rules), now);
}

Turn Shared::look(const Call& call, std::string_view key, Time now) {
    const std::lock_guard lock{mutex_};
    return turn_of(tally_.wait(call, key, now));
}

Turn Shared::take(const Call& call, std::string_view key, Time now) {
    const std::lock_guard lock{mutex_};
    Turn turn = turn_of(tally_.wait(call, key, now));
    if (turn.wait.count() == 0)
        tally_.charge(call, key, now);
    else if (!key.empty())
        tally_.stand_in_line(call, key, now + turn.wait);
    return turn;
}

void Shared::leave_line(std::string_view key) {
    const std::lock_guard lock{mutex_};
    tally_.leave_line(key);
}

std::chrono::milliseconds Shared::forecast(const Call& call, std::uint64_t ahead, Time now) {
    const std::lock_guard lock{mutex_};
    return tally_.forecast(call, ahead, now);
}

bool Shared::restored() {
    const std::lock_guard lock{mutex_};
    return tally_.restored();
}

void Shared::restore(const std::string& row, const Moment& now) {
    const std::lock_guard lock{mutex_};
    if (tally_.restored()) return;  // another account was quicker
    if (row.empty())
        tally_.mark_restored();
    else
        tally_.restore(row, now);
}

Shared::Owed Shared::owed(const Moment& now, bool alone, std::string* row, WallMs* expires) {
    const std::lock_guard lock{mutex_};
    if (!tally_.owed(now.steady)) return Owed::nothing;
    if (tally_.writing()) return Owed::somebody_writes;
    *row = tally_.row(now, alone);
    *expires = tally_.row_expires(now.wall);
    return Owed::row;
}

void Shared::written(bool ok) {
    const std::lock_guard lock{mutex_};
    tally_.written(ok);
}

std::vector<Shared::Listed> Shared::list(Time now) {
    const std::lock_guard lock{mutex_};
    std::vector<Listed> out;
    for (const Tally::Room& room : tally_.rooms(now)) {
        out.push_back({*room.rule, room});
        out.back().room.rule = nullptr;
    }
    return out;
}

}  // namespace trunkline::quotas
