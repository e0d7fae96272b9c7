#include "host/quotas/tally.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

#include <boost/json.hpp>

#include "host/base/stored_row.hpp"

namespace trunkline::quotas {
namespace {

namespace json = boost::json;
using std::chrono::milliseconds;

constexpr double kNothing = 1e-6;  // less than that is how numbers are rounded
// So much of a bucket may be called spent before it is.
constexpr double kAheadPart = 16;
constexpr double kAheadMost = 64;
constexpr std::size_t kLineMax = 1'024;
constexpr milliseconds kComesLate{60'000};  // then nobody comes any more
constexpr WallMs kRowLonger = 3'600'000;

/// How much more than is spent a row says.
double ahead_of(const Rule& rule, bool alone) {
    const double part = std::floor(std::min(rule.burst / kAheadPart, kAheadMost));
    return alone ? std::max(part, 1.0) : part;
}

}  // namespace

Tally::Tally(RulesOf rules, Time began, Time now) : rules_{std::move(rules)}, began_{began} {
    buckets_.reserve(rules_->size());
    for (const Rule& rule : *rules_)
        buckets_.push_back(fresh(rule, now));
}

Tally::Bucket Tally::fresh(const Rule& rule, Time now) const {
    Bucket bucket{rule};
    if (!rule.kept()) {
        const std::chrono::duration<double> since = now - began_;
        bucket.live.set_level(now, std::max(since.count(), 0.0) * rule.per_second());
    }
    return bucket;
}

void Tally::adopt(RulesOf rules, Time now) {
    std::vector<Bucket> next;
    next.reserve(rules->size());
    for (const Rule& rule : *rules) {
        Bucket bucket = fresh(rule, now);
        for (std::size_t i = 0; i < buckets_.size(); ++i) {
            const Rule& former = (*rules_)[i];
            if (former.id != rule.id) continue;
            const double spent = former.burst - buckets_[i].live.level(now);
            bucket.live.set_level(now, std::max(rule.burst - spent, 0.0));
            bucket.line = std::move(buckets_[i].line);
            // A row that was written under another rate says something else now.
            if (former.rate == rule.rate && former.burst == rule.burst)
                bucket.known = buckets_[i].known;
        }
        next.push_back(std::move(bucket));
    }
    rules_ = std::move(rules);
    buckets_ = std::move(next);
}

/// Whoever kept these places has gone away.
void Tally::Bucket::drop_late(Time now) {
    std::erase_if(line, [now](const Place& place) { return place.due + kComesLate < now; });
}

Tally::Answer Tally::wait(const Call& call, std::string_view key, Time now) {
    Answer out;
    for (std::size_t i = 0; i < buckets_.size(); ++i) {
        const Rule& rule = (*rules_)[i];
        if (!rule.counts(call)) continue;
        Bucket& bucket = buckets_[i];
        bucket.drop_late(now);
        std::size_t ahead = 0;
        if (!key.empty()) {
            const auto own = std::ranges::find(bucket.line, key, &Place::key);
            ahead = static_cast<std::size_t>(own - bucket.line.begin());
        }
        const auto wait = bucket.live.until(now, 1.0 + static_cast<double>(ahead));
        if (wait > out.wait) out = {wait, &rule};
    }
    return out;
}

void Tally::charge(const Call& call, std::string_view key, Time now) {
    for (std::size_t i = 0; i < buckets_.size(); ++i) {
        if (!(*rules_)[i].counts(call)) continue;
        buckets_[i].live.charge(now);
        std::erase_if(buckets_[i].line, [key](const Place& place) { return place.key == key; });
    }
}

void Tally::stand_in_line(const Call& call, std::string_view key, Time due) {
    for (std::size_t i = 0; i < buckets_.size(); ++i) {
        if (!(*rules_)[i].counts(call)) continue;
        auto& line = buckets_[i].line;
        const auto own = std::ranges::find(line, key, &Place::key);
        if (own != line.end())
            own->due = due;
        else if (line.size() < kLineMax)
            line.push_back({std::string{key}, due});
    }
}

void Tally::leave_line(std::string_view key) {
    for (Bucket& bucket : buckets_)
        std::erase_if(bucket.line, [key](const Place& place) { return place.key == key; });
}

milliseconds Tally::forecast(const Call& call, std::uint64_t ahead, Time now) {
    milliseconds out{0};
    for (std::size_t i = 0; i < buckets_.size(); ++i) {
        if ((*rules_)[i].counts(call))
            out = std::max(out, buckets_[i].live.until(now, 1.0 + static_cast<double>(ahead)));
    }
    return out;
}

std::uint64_t Tally::room_within(const Call& call, milliseconds span, Time now) {
    constexpr double kMost = std::numeric_limits<std::uint32_t>::max();
    double out = kMost;
    for (std::size_t i = 0; i < buckets_.size(); ++i) {
        const Rule& rule = (*rules_)[i];
        if (!rule.counts(call)) continue;
        const double more = rule.per_second() * static_cast<double>(span.count()) / 1000.0;
        out = std::min(out, buckets_[i].live.level(now) + more);
    }
    return static_cast<std::uint64_t>(std::max(out, 0.0));
}

bool Tally::owed(Time now) {
    for (std::size_t i = 0; i < buckets_.size(); ++i) {
        Bucket& bucket = buckets_[i];
        if ((*rules_)[i].kept() && bucket.live.level(now) < bucket.known.level(now) - kNothing)
            return true;
    }
    return false;
}

bool Tally::idle(Time now) {
    if (writing_ || owed(now)) return false;
    for (std::size_t i = 0; i < buckets_.size(); ++i) {
        buckets_[i].drop_late(now);
        if (!buckets_[i].line.empty()) return false;
        if (!(*rules_)[i].kept() && !buckets_[i].live.full(now)) return false;
    }
    return true;
}

std::string Tally::row(const Moment& now, bool alone) {
    json::object spent;
    for (std::size_t i = 0; i < buckets_.size(); ++i) {
        const Rule& rule = (*rules_)[i];
        if (!rule.kept()) continue;
        Bucket& bucket = buckets_[i];
        const double level = bucket.live.level(now.steady);
        bucket.coming.emplace(rule.per_second(), rule.burst);
        if (level > rule.burst - kNothing) continue;
        // Nobody takes what is not there, so there is never less than nothing.
        const double least = std::max(level - ahead_of(rule, alone), 0.0);
        bucket.coming->set_level(now.steady, least);
        spent[rule.id] = rule.burst - least;
    }
    writing_ = true;
    const auto steady = std::chrono::floor<milliseconds>(now.steady.time_since_epoch());
    return json::serialize(json::object{
        {"at", now.wall}, {"steady", steady.count()}, {"life", now.life}, {"spent", spent}});
}

void Tally::written(bool ok) {
    writing_ = false;
    for (Bucket& bucket : buckets_) {
        if (ok && bucket.coming) bucket.known = *bucket.coming;
        bucket.coming.reset();
    }
}

WallMs Tally::row_expires(WallMs now) const {
    milliseconds longest{0};
    for (const Rule& rule : *rules_)
        longest = std::max(longest, rule.refill());
    return now + longest.count() + kRowLonger;
}

bool Tally::restore(std::string_view text, const Moment& now) {
    restored_ = true;
    StoredRow row{"quota", text};
    const Moment then{Time{milliseconds{row.number("steady")}}, row.number("at"), row.text("life")};
    const json::object spent = row.object("spent");
    const bool whole = row.whole().has_value();
    const std::chrono::duration<double> passed = surely_passed(then, now);
    for (std::size_t i = 0; i < buckets_.size(); ++i) {
        const Rule& rule = (*rules_)[i];
        if (!rule.kept()) continue;
        const auto* said = spent.if_contains(rule.id);
        if (whole && said == nullptr) continue;
        const double gone = whole && said->is_number() ? said->to_number<double>() : rule.burst;
        const double back = passed.count() * rule.per_second();
        // Also when it says that more was spent than there ever is: so long as it takes to fill,
        // and no longer, somebody waits.
        const double level = std::max(rule.burst - gone, 0.0) + (whole ? back : 0.0);
        buckets_[i].live.set_level(now.steady, std::isfinite(level) ? level : 0.0);
        buckets_[i].known.set_level(now.steady, std::isfinite(level) ? level : 0.0);
    }
    return whole;
}

std::vector<Tally::Room> Tally::rooms(Time now) {
    std::vector<Room> out;
    for (std::size_t i = 0; i < buckets_.size(); ++i) {
        Bucket& bucket = buckets_[i];
        const double behind = 1.0 + static_cast<double>(bucket.line.size());
        out.push_back(
            {&(*rules_)[i],
             std::max(bucket.live.level(now), 0.0),
             bucket.live.until(now, behind),
             bucket.line.size()}
        );
    }
    return out;
}

}  // namespace trunkline::quotas
