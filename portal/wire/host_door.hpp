#pragma once

#include <string>
#include <vector>

#include <boost/json/array.hpp>
#include <boost/json/object.hpp>

#include "host/async/await.hpp"
#include "host/base/result.hpp"

namespace trunkline::portal::wire {

/// What the host said about one command.
struct CommandResult {
    std::string id;
    bool accepted = false;
    std::string code, message;   ///< with a refusal
    boost::json::object answer;  ///< the whole entry, for what a `media` command brings
};

/// What became of one request with commands.
struct HostAnswer {
    enum class Kind {
        answered,          ///< `results` says what of each
        nothing_arrived,   ///< no connection, or the host said to come back: try the same again
        may_have_arrived,  ///< cut off while waiting: try the same again, the host knows repeats
        too_large,         ///< fewer at a time
        not_understood,    ///< 400 or 422: one of them is at fault
    };
    Kind kind = Kind::nothing_arrived;
    std::vector<CommandResult> results;
    std::string reason;  ///< for the log and, with `not_understood`, for the operator
    std::chrono::milliseconds pause{0};  ///< asked for by the host; 0 = not
};

struct PutFile {
    std::string url;
    std::string path;
    std::string mime;
    std::int64_t size = 0;
};

/// The way to the host. A seam, so that the outbox can be tested without one. Belongs to one loop.
class HostDoor {
public:
    virtual ~HostDoor() = default;
    virtual async::Awaitable<HostAnswer> send(boost::json::array commands) = 0;
    /// `unavailable`: try again. `rejected`: this address will not take this file.
    /// `account_broken`: the file is gone here.
    virtual async::Awaitable<Result<void>> put(PutFile file) = 0;
};

}  // namespace trunkline::portal::wire
