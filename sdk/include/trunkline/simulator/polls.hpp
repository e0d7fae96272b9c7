#pragma once

#include <functional>
#include <map>

#include "trunkline/simulator/outbox.hpp"

namespace trunkline::simulator {

/// Long polls of an outbox. One that finds nothing waits until something comes. On the loop.
class Polls {
public:
    enum class End {
        answered,  ///< with what is there, or nothing when the time was over
        replaced,  ///< by another poll
        stopped,   ///< by `stop`
    };
    using Done = std::function<void(End, json::array)>;

    /// `one_at_a_time`: a second poll ends the first.
    Polls(Loop& loop, Outbox& outbox, bool one_at_a_time);

    void begin(std::size_t limit, milliseconds timeout, Done done);
    void stop();  ///< ends what waits

private:
    struct Poll {
        std::size_t limit = 0;
        std::int64_t looks_left = 0;
        Done done;
    };
    void look();
    void tick(std::uint64_t number);
    void end_all(End how);

    Loop& loop_;
    Outbox& outbox_;
    bool one_at_a_time_;
    std::map<std::uint64_t, Poll> waiting_;
    std::uint64_t last_ = 0;
};

}  // namespace trunkline::simulator
