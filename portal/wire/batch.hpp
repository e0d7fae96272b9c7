#pragma once

#include <string>
#include <string_view>

#include <boost/json/object.hpp>

#include "host/base/result.hpp"
#include "portal/store/batches.hpp"

namespace trunkline::portal::wire {

constexpr std::size_t kEventsPerBatchMax = 10'000;

/// An opened request of the host: `{"portal","lane","epoch","events":[...],"backlog":{...}}`.
struct Batch {
    std::string portal;
    store::ReceivedBatch content;
    boost::json::object
        backlog;  ///< {count, conversations, oldest, through}; empty when nothing else waits
};

/// Fails with `malformed` naming what is wrong. Unknown members and unknown event types are no
/// error.
Result<Batch> parse_batch(std::string_view plain);

}  // namespace trunkline::portal::wire
