#pragma once

#include <set>
#include <string>

#include "host/base/clock.hpp"
#include "host/net/server.hpp"
#include "host/seal/seal.hpp"
#include "portal/store/store.hpp"
#include "portal/wire/batch.hpp"

namespace trunkline::portal::wire {

/// Told about what a batch brought, on the receiver's loop.
class Arrivals {
public:
    virtual ~Arrivals() = default;
    virtual void changed() = 0;  ///< the store has news
    virtual void passing(const boost::json::object& typing
    ) = 0;  ///< shown for a moment, kept nowhere
    virtual void backlog(
        const std::string& lane, const boost::json::object& left
    ) = 0;  ///< empty: caught up
};

struct ReceiverOptions {
    std::string portal;
    bool require_encryption = true;
    std::set<std::string> best_effort_lanes;
};

/// Takes the host's batches: verified, opened, kept whole, then answered. Owner: main; belongs to
/// one loop.
class Receiver {
public:
    Receiver(
        ReceiverOptions options,
        seal::Opener opener,
        store::Store& store,
        const Clock& clock,
        Arrivals& arrivals
    );

    /// 2xx only after the transaction is on disk. `request` lives until the answer is made.
    async::Awaitable<net::Response> receive(net::Request& request);

private:
    Result<Batch> open(const net::Request& request);
    net::Response refused(const Error& error) const;

    ReceiverOptions options_;
    seal::Opener opener_;
    store::Store& store_;
    const Clock& clock_;
    Arrivals& arrivals_;
};

}  // namespace trunkline::portal::wire
