#include "host/accounts/rate_limits.hpp"

#include <boost/json/value.hpp>

#include "host/config/units.hpp"

namespace trunkline::accounts {
namespace {

constexpr std::size_t kChatsMax = 4096;

}  // namespace

Result<Rates> Rates::parse(const boost::json::object& manifest) {
    Rates rates;
    const auto* limits = manifest.if_contains("limits");
    if (limits == nullptr) return rates;
    if (!limits->is_array()) return Error{Fault::malformed, "manifest: limits is not a list"};
    for (const auto& entry : limits->as_array()) {
        const auto* object = entry.if_object();
        const auto* scope = object != nullptr ? object->if_contains("scope") : nullptr;
        const auto* rate = object != nullptr ? object->if_contains("rate") : nullptr;
        const auto* per = object != nullptr ? object->if_contains("per") : nullptr;
        const auto* burst = object != nullptr ? object->if_contains("burst") : nullptr;
        if (scope == nullptr || !scope->is_string() || rate == nullptr || !rate->is_number()) {
            return Error{Fault::malformed, "manifest: a limit needs scope and rate"};
        }
        double seconds = 1;
        if (per != nullptr) {
            const auto parsed =
                per->is_string() ? config::parse_duration(per->as_string()) : std::nullopt;
            if (!parsed || parsed->count() == 0)
                return Error{Fault::malformed, "manifest: per of a limit is not a duration"};
            seconds = static_cast<double>(parsed->count()) / 1000.0;
        }
        const double count = rate->to_number<double>();
        const double room =
            burst != nullptr && burst->is_number() ? burst->to_number<double>() : count;
        if (count <= 0 || room < 1)
            return Error{Fault::malformed, "manifest: rate and burst of a limit must be positive"};
        const Rate parsed{count / seconds, room};
        if (scope->as_string() == "chat")
            rates.chat = parsed;
        else if (scope->as_string() == "account")
            rates.account = parsed;
        else if (scope->as_string() == "connector")
            rates.connector = parsed;
        else
            return Error{
                Fault::malformed, "manifest: scope of a limit is none of chat, account, connector"};
    }
    return rates;
}

RateLimits::RateLimits(const Rates& rates, std::shared_ptr<SharedBucket> connector)
    : rates_{rates}, connector_{std::move(connector)} {
    if (rates_.account) account_.emplace(rates_.account->per_second, rates_.account->burst);
}

void RateLimits::drop_full(TokenBucket::Time now) {
    for (auto at = chats_.begin(); at != chats_.end();)
        at = at->second.full(now) ? chats_.erase(at) : std::next(at);
}

std::chrono::milliseconds RateLimits::take(const std::string& conversation, TokenBucket::Time now) {
    constexpr std::chrono::milliseconds kNow{0};
    TokenBucket* chat = nullptr;
    if (rates_.chat) {
        if (chats_.size() >= kChatsMax) drop_full(now);
        chat = &chats_.try_emplace(conversation, rates_.chat->per_second, rates_.chat->burst)
                    .first->second;
        if (const auto wait = chat->wait(now); wait > kNow) return wait;
    }
    if (account_) {
        if (const auto wait = account_->wait(now); wait > kNow) return wait;
    }
    if (connector_) {
        if (const auto wait = connector_->take(now); wait > kNow) return wait;
    }
    if (chat != nullptr) chat->charge(now);
    if (account_) account_->charge(now);
    return kNow;
}

}  // namespace trunkline::accounts
