#include "host/quotas/rules.hpp"

#include <algorithm>
#include <cmath>
#include <optional>
#include <set>

#include <boost/json/array.hpp>
#include <boost/json/value.hpp>

#include "host/config/units.hpp"

namespace trunkline::quotas {
namespace {

namespace json = boost::json;
using std::chrono::milliseconds;

constexpr std::size_t kRulesMax = 32;
constexpr std::size_t kWordMax = 64;
constexpr std::size_t kKindsMax = 16;
constexpr double kCountMax = 1e9;
constexpr milliseconds kPerMax{31LL * 24 * 3600 * 1000};

Error wrong(std::string_view list, const std::string& what) {
    return Error{Fault::malformed, "manifest: " + std::string{list} + ": " + what};
}

std::optional<Scope> scope_named(std::string_view word) {
    for (const Scope scope : {Scope::chat, Scope::account, Scope::connector}) {
        if (word == to_string(scope)) return scope;
    }
    return std::nullopt;
}

std::optional<std::string> word_at(const json::object& object, std::string_view key) {
    const auto* value = object.if_contains(key);
    const auto* text = value == nullptr ? nullptr : value->if_string();
    if (text == nullptr || text->empty() || text->size() > kWordMax) return std::nullopt;
    return std::string{*text};
}

Result<std::vector<std::string>> kinds_of(const json::value& given) {
    const auto* list = given.if_array();
    if (list == nullptr || list->empty() || list->size() > kKindsMax)
        return Error{Fault::malformed, "kinds is a list of kinds of conversation"};
    std::set<std::string> kinds;
    for (const json::value& each : *list) {
        const auto* word = each.if_string();
        if (word == nullptr || word->empty() || word->size() > kWordMax)
            return Error{Fault::malformed, "kinds is a list of kinds of conversation"};
        kinds.emplace(*word);
    }
    return std::vector<std::string>{kinds.begin(), kinds.end()};
}

std::string id_of(const Rule& rule) {
    std::string id = to_string(rule.scope);
    id += '/' + rule.bucket + '/' + std::to_string(rule.per.count()) + '/';
    for (const std::string& kind : rule.kinds)
        id += (id.back() == '/' ? "" : ",") + kind;
    return id;
}

/// A number that means something as a rate or a burst.
std::optional<double> count_at(const json::object& object, std::string_view key, double least) {
    const auto* value = object.if_contains(key);
    if (value == nullptr || !value->is_number()) return std::nullopt;
    const double count = value->to_number<double>();
    if (!std::isfinite(count) || count < least || count <= 0 || count > kCountMax)
        return std::nullopt;
    return count;
}

Result<Rule> read_rule(const json::value& entry, std::string_view list) {
    const auto* object = entry.if_object();
    if (object == nullptr) return wrong(list, "an entry is no object");
    Rule rule;
    if (list == "quotas") {
        const auto bucket = word_at(*object, "bucket");
        if (!bucket) return wrong(list, "an entry needs the name of its bucket");
        rule.bucket = *bucket;
    }
    const auto word = word_at(*object, "scope");
    const auto scope = word ? scope_named(*word) : std::nullopt;
    if (!scope) return wrong(list, "scope is none of chat, account, connector");
    rule.scope = *scope;
    const auto rate = count_at(*object, "rate", 0);
    if (!rate) return wrong(list, "rate is a number above 0");
    rule.rate = *rate;
    if (const auto* per = object->if_contains("per")) {
        const auto parsed =
            per->is_string() ? config::parse_duration(per->as_string()) : std::nullopt;
        if (!parsed || parsed->count() <= 0 || *parsed > kPerMax)
            return wrong(list, "per is a duration, at most 31 days");
        rule.per = *parsed;
    }
    rule.burst = std::max(rule.rate, 1.0);
    if (object->contains("burst")) {
        const auto burst = count_at(*object, "burst", 1);
        if (!burst) return wrong(list, "burst is a number, at least 1");
        rule.burst = *burst;
    }
    if (const auto* kinds = object->if_contains("kinds")) {
        if (list == "quotas")
            return wrong(list, "kinds is for limits: a request names its bucket by itself");
        auto read = kinds_of(*kinds);
        if (!read) return wrong(list, read.error().context);
        rule.kinds = *std::move(read);
    }
    rule.id = id_of(rule);
    return rule;
}

}  // namespace

const char* to_string(Scope scope) noexcept {
    switch (scope) {
        case Scope::chat:
            return "chat";
        case Scope::account:
            return "account";
        case Scope::connector:
            return "connector";
    }
    return "";
}

milliseconds Rule::refill() const {
    return milliseconds{static_cast<std::int64_t>(std::min(burst / per_second(), 1e9) * 1000.0)};
}

bool Rule::counts(const Call& call) const {
    return bucket == call.bucket && (kinds.empty() || call.kind == kAnyKind ||
                                     std::ranges::find(kinds, call.kind) != kinds.end());
}

Result<Rules> Rules::parse(const json::object& manifest) {
    Rules rules;
    std::set<std::string> ids;
    for (const char* list : {"limits", "quotas"}) {
        const auto* given = manifest.if_contains(list);
        if (given == nullptr) continue;
        if (!given->is_array()) return wrong(list, "it is not a list");
        for (const json::value& entry : given->get_array()) {
            auto rule = read_rule(entry, list);
            if (!rule) return rule.error();
            if (!ids.insert(rule->id).second) return wrong(list, "two entries are for the same");
            rules.all.push_back(*std::move(rule));
        }
    }
    if (rules.all.size() > kRulesMax)
        return wrong("limits", "more than 32 entries with those of quotas");
    return rules;
}

std::vector<Rule> Rules::of(Scope scope) const {
    std::vector<Rule> out;
    std::ranges::copy_if(all, std::back_inserter(out), [scope](const Rule& rule) {
        return rule.scope == scope;
    });
    return out;
}

}  // namespace trunkline::quotas
