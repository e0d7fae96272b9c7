#pragma once

#include <memory>
#include <vector>

#include "host/net/client.hpp"

namespace trunkline::net {

/// The client of every loop. Owner: main; ended after the loops have stopped.
class Clients {
public:
    Clients(async::Loops& loops, const AddressGuard& guard) : loops_{loops} {
        for (std::size_t i = 0; i < loops.size(); ++i)
            clients_.push_back(make_client(loops.at(i), guard));
    }

    Client& of(const async::Loop& loop) { return *clients_[loops_.index_of(loop)]; }

    /// The client of the loop that runs the caller.
    Client& here() {
        for (std::size_t i = 0; i < clients_.size(); ++i) {
            if (loops_.at(i).get_executor().running_in_this_thread()) return *clients_[i];
        }
        return *clients_.front();
    }

    const std::vector<std::unique_ptr<Client>>& all() const noexcept { return clients_; }

private:
    async::Loops& loops_;
    std::vector<std::unique_ptr<Client>> clients_;
};

}  // namespace trunkline::net
