#pragma once

#include <atomic>
#include <functional>
#include <memory>
#include <random>
#include <string>

#include "crash_history.hpp"
#include "host/lanes/destination.hpp"
#include "lanes_history.hpp"

namespace trunkline::crash::lanes {

/// What a record carries.
struct Body {
    std::uint64_t id = 0;
    std::uint64_t gap_from = 0;  ///< of a notice
    std::uint64_t gap_through = 0;
    std::uint64_t gap_count = 0;
};

std::string to_bytes(const Body& body, std::size_t padding);
Body to_body(const std::string& bytes);
Step to_step(Did did, std::uint32_t round, std::uint32_t lane, const store::Record& record);

/// What receivers of one life share. Outlives them.
struct Surroundings {
    const Log& log;
    std::uint32_t round = 0;
    std::function<void()> delivered;  ///< a good moment for a kill
    std::atomic<bool> well{false};    ///< nobody fails any more
    std::atomic<bool> mended{false};  ///< nor finds fault with an event
};

/// Takes, refuses by id, calls too large, finds fault with, does not answer, is gone.
std::unique_ptr<trunkline::lanes::SequentialDestination> make_portal(
    Surroundings& around, std::uint32_t lane, std::uint64_t epoch, std::uint64_t seed
);

/// Takes, refuses for good, wants to be asked again, breaks. Has `told` written with the end of
/// each record.
std::unique_ptr<trunkline::lanes::KeyedDestination> make_messenger(
    Surroundings& around, std::uint32_t lane, store::LaneId told, std::uint64_t seed
);

}  // namespace trunkline::crash::lanes
