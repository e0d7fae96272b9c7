#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "host/base/result.hpp"

/// Whole frames over a SEQPACKET socket: short ones in one packet, long ones as a sealed memory
/// file whose descriptor travels with a short packet. `[any]`, one thread for each direction of a
/// socket.
namespace trunkline::frames {

inline constexpr std::size_t kInlineMax = 128ULL << 10U;
inline constexpr std::size_t kFrameMax = 64ULL << 20U;  ///< a longer one ends the connection

enum class Moved {
    whole,      ///< the frame went over
    not_now,    ///< the socket would block
    closed,     ///< the other side is gone
    forbidden,  ///< received something that is no frame, or sending failed for good
};

/// `wait`: blocks until the socket takes it.
Moved send_frame(int socket, std::string_view frame, bool wait);

/// Where frames arrive; keeps its room between them.
class Inbox {
public:
    Inbox() : packet_(kInlineMax, '\0') {}

    /// The next frame, readable until the next call. Nothing of a packet is believed: descriptors
    /// that do not belong are closed, a memory file must be sealed against every change and as long
    /// as announced. `wait`: blocks until something arrives.
    Moved receive(int socket, std::string_view& frame, bool wait);

private:
    std::string packet_;
    std::string file_;  ///< a long frame
};

}  // namespace trunkline::frames
