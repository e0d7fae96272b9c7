#pragma once

#include <chrono>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <unordered_map>

#include <boost/json/object.hpp>

#include "host/accounts/token_bucket.hpp"
#include "host/base/result.hpp"

namespace trunkline::accounts {

struct Rate {
    double per_second = 0;
    double burst = 1;
};

/// How many calls a messenger takes, as its connector declares:
/// `"limits":[{"scope","rate","per","burst"}]`.
struct Rates {
    std::optional<Rate> chat, account, connector;

    /// `malformed`, naming what is wrong.
    static Result<Rates> parse(const boost::json::object& manifest);
};

/// A bucket that accounts on different loops share. `[any]`
class SharedBucket {
public:
    explicit SharedBucket(Rate rate) : bucket_{rate.per_second, rate.burst} {}
    std::chrono::milliseconds take(TokenBucket::Time now, double count = 1) {
        const std::lock_guard lock{mutex_};
        return bucket_.take(now, count);
    }

private:
    std::mutex mutex_;  // held for a few additions
    TokenBucket bucket_;
};

/// The buckets of one account. Lives on the account's loop; only the connector's bucket is shared.
class RateLimits {
public:
    RateLimits(const Rates& rates, std::shared_ptr<SharedBucket> connector);

    /// Takes one call for `conversation` now, or says how long to wait before asking again. Nothing
    /// is taken unless all three scopes have room.
    std::chrono::milliseconds take(const std::string& conversation, TokenBucket::Time now);

private:
    void drop_full(TokenBucket::Time now);

    Rates rates_;
    std::shared_ptr<SharedBucket> connector_;
    std::optional<TokenBucket> account_;
    std::unordered_map<std::string, TokenBucket>
        chats_;  // full ones are dropped, so this holds only who was spoken to lately
};

}  // namespace trunkline::accounts
