#pragma once

#include <deque>
#include <string>
#include <string_view>

#include "host/frames/progress.hpp"
#include "host/frames/transport.hpp"

namespace trunkline::runner {

/// The host at the other end of the socket. Without it there is nothing to do: what cannot be sent
/// or read ends the process.
class Peer {
public:
    explicit Peer(frames::Progress& progress) : progress_{progress} {}

    void send(std::string_view frame);

    /// The next frame, readable until the next call. Waits; when the host has gone, the process
    /// ends.
    std::string_view next();

    /// Asks in the middle of a call. What else arrives meanwhile waits for `next`.
    bool ask_file(std::uint64_t instance, std::string_view file);

    /// Ends the process with a reason that the host finds in the page.
    [[noreturn]] void die(std::string_view reason);

private:
    frames::Progress& progress_;
    frames::Inbox inbox_;
    frames::Inbox aside_;  ///< frames that arrive while another is being worked on
    std::deque<std::string> waiting_;
    std::string current_;
};

}  // namespace trunkline::runner
