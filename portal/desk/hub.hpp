#pragma once

#include <cstdint>
#include <deque>
#include <map>
#include <set>
#include <string>

#include <boost/json/object.hpp>

#include "portal/wire/receiver.hpp"
#include "portal/wire/wake.hpp"

namespace trunkline::portal::desk {

/// Wakes the live pages. What they then show they read from the store, so a slow page costs no
/// memory here. Belongs to one loop. Shared by main and the streams, because a stream's coroutine
/// may end after main's parts do.
class Hub final : public wire::Arrivals {
public:
    void changed() override;
    void passing(const boost::json::object& typing) override;
    void backlog(const std::string& lane, const boost::json::object& left) override;

    void join(wire::Wake& wake) { listeners_.insert(&wake); }
    void leave(wire::Wake& wake) { listeners_.erase(&wake); }
    std::size_t listeners() const { return listeners_.size(); }

    /// What passed since number `after`, as ready frames; moves `after` on.
    std::string passed(std::uint64_t& after) const;
    std::uint64_t now() const { return next_; }

    boost::json::object backlogs() const;  ///< per lane, what the host still holds

    void close();
    bool closed() const { return closed_; }

private:
    struct Frame {
        std::uint64_t number;
        std::string text;
    };
    void push(std::string text);

    std::set<wire::Wake*> listeners_;
    std::deque<Frame>
        frames_;  ///< the last few; who is slower missed something that is over anyway
    std::uint64_t next_ = 0;
    std::map<std::string, boost::json::object> backlogs_;
    bool closed_ = false;
};

}  // namespace trunkline::portal::desk
