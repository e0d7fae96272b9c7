#pragma once

#include <chrono>
#include <string>
#include <string_view>
#include <vector>

#include <boost/json/object.hpp>

#include "host/base/result.hpp"

/// What a messenger lets a connector call, and how much of that is spent.
namespace trunkline::quotas {

/// Who shares a bucket.
enum class Scope { chat, account, connector };

const char* to_string(Scope scope) noexcept;

/// Stands for every kind of conversation where the kind is not known.
inline constexpr std::string_view kAnyKind = "*";

/// What a call counts against is found by.
struct Call {
    std::string_view bucket;  ///< the quota that a request names; "" = a command: all limits
    std::string_view kind;    ///< of its conversation
};

/// One entry of a manifest's `limits` or `quotas`.
struct Rule {
    Scope scope = Scope::account;
    std::string bucket;              ///< "" = a limit
    std::vector<std::string> kinds;  ///< of conversations that it is for; empty = all
    double rate = 1;                 ///< in each `per`
    std::chrono::milliseconds per{1'000};
    double burst = 1;
    std::string id;  ///< the same over restarts and versions: scope, bucket, per and kinds

    double per_second() const { return rate * 1000.0 / static_cast<double>(per.count()); }
    /// How long an empty bucket takes to be full.
    std::chrono::milliseconds refill() const;
    /// Whether what is spent of it survives a restart. What refills sooner than anybody would mind
    /// begins empty instead.
    bool kept() const { return refill() > std::chrono::seconds{10}; }
    bool counts(const Call& call) const;
};

/// All that a manifest declares. A value.
struct Rules {
    std::vector<Rule> all;

    /// `limits` and `quotas` of a manifest. `malformed`, naming what is wrong.
    static Result<Rules> parse(const boost::json::object& manifest);
    /// Those of one scope, in their order.
    std::vector<Rule> of(Scope scope) const;
};

}  // namespace trunkline::quotas
