#pragma once

#include <map>
#include <memory>
#include <mutex>
#include <set>
#include <string>
#include <utility>

#include "host/async/await.hpp"

namespace trunkline::outbound {

/// Ids of commands that are being answered right now, by portal. A repeat that comes meanwhile
/// waits, and then finds the first one's answer in the store. A portal's ids are claimed and given
/// back on its loop; different portals may be on different loops.
class UnderWay {
    struct Room;

public:
    /// Ids that nobody else answers meanwhile; given back when it dies.
    class Claim {
    public:
        Claim() = default;
        Claim(Claim&& other) noexcept
            : room_{std::move(other.room_)}, ids_{std::move(other.ids_)} {}
        Claim& operator=(Claim&&) = delete;
        ~Claim();

    private:
        friend class UnderWay;
        std::shared_ptr<Room> room_;  // shared: a request may die after the host's rooms
        std::set<std::string> ids_;
    };

    /// Waits until none of `ids` is under way, then takes all of them at once, so that two requests
    /// never wait for each other.
    async::Awaitable<Claim> claim(std::string portal, std::set<std::string> ids);

private:
    std::shared_ptr<Room> room_of(const std::string& portal);

    std::mutex mutex_;  // guards the map, not the rooms; held for a look
    std::map<std::string, std::shared_ptr<Room>> rooms_;
};

}  // namespace trunkline::outbound
