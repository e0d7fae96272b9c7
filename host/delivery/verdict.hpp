#pragma once

#include <optional>
#include <string_view>

#include "host/base/clock.hpp"
#include "host/lanes/destination.hpp"
#include "host/net/client.hpp"

namespace trunkline::delivery {

/// What a portal may change about how its answers are read.
struct AnswerRules {
    bool html_is_acceptance = false;  ///< 2xx with a page counts as accepted
};

/// What a portal's answer to a batch means: the contract's table (section 5), one branch a row.
/// Pure. `[any]`
lanes::Verdict read_answer(const net::ClientReply& reply, const AnswerRules& rules, WallMs now);

/// `Retry-After` (RFC 9110 10.2.3) as seconds or as one of the three HTTP dates, kept within 1 s
/// and 1 h; none when it is neither. A date that has passed is 1 s.
std::optional<lanes::Milliseconds> read_retry_after(std::string_view value, WallMs now);

}  // namespace trunkline::delivery
