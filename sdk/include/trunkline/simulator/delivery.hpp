#pragma once

#include <functional>
#include <map>
#include <optional>
#include <string>

#include "trunkline/simulator/http.hpp"
#include "trunkline/simulator/outbox.hpp"

namespace trunkline::simulator {

/// What the messenger makes of an answer to a delivery.
struct Verdict {
    bool taken = false;
    std::optional<milliseconds> wait;  ///< before the next try, when the answer asked for it
};

/// Delivers an outbox by webhook: in order within a queue, the next only after the one before was
/// taken, as many queues at a time as there are connections; again by the messenger's schedule,
/// until the item expires or the messenger gives up. On the loop.
class Delivery {
public:
    struct Messenger {
        std::function<bool()> ready;  ///< whether there is a webhook at all
        std::function<ClientRequest(const Item&)> request;
        std::function<Verdict(const Item&, const ClientReply&)> judge;
        /// The wait behind `failures` failures in a row, at least 1.
        std::function<milliseconds(int failures)> wait;
        int failures_max = 0;  ///< then it is given up; 0 = only expiry ends it
        std::function<void(const Item&)> given_up;  ///< may be empty
    };
    Delivery(Loop& loop, Outbox& outbox, Send send, Messenger messenger);

    std::size_t connections_max = 40;
    int fast = 1;  ///< waits are divided by it

    void wake();     ///< something was queued
    void restart();  ///< the webhook is another now: what waits for a next try goes at once

private:
    void step(const std::string& queue, int failures);
    void settle(const std::string& queue, int failures, const Item& item, ClientReply reply);
    void sleep(const std::string& queue, int failures, milliseconds how_long);
    void finish(const std::string& queue);

    Loop& loop_;
    Outbox& outbox_;
    Send send_;
    Messenger messenger_;
    std::size_t running_ = 0;  ///< queues being worked off, each with one connection
    std::map<std::string, std::uint64_t> sleeping_;  ///< queue to the number of its wait
    std::uint64_t waits_ = 0;
};

}  // namespace trunkline::simulator
