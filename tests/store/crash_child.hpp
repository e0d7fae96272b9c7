#pragma once

#include <cstdint>
#include <string>

#include "crash_history.hpp"

namespace trunkline::crash {

/// Where a child kills itself, if the parent's clock does not come first.
enum class KillPoint { none, before_write, after_write, after_publish, after_delivery };

struct ChildOptions {
    std::string folder;
    std::uint32_t round = 0;
    std::uint64_t seed = 0;
    bool durable_acknowledgements = true;
    KillPoint point = KillPoint::none;
    int passes = 0;     ///< how often the point is passed before it kills
    int ready = -1;     ///< a pipe: one byte once the store is open
    bool bare = true;   ///< users of the store alone
    bool lanes = true;  ///< lanes over it, as in the host
    bool sick = false;  ///< the disk fails now and then once the store is open
    bool last = false;  ///< no producers: drains all lanes and ends by itself, with the dead
                        ///< letters in a log
};

/// Opens the store, sends and delivers until it is killed. Returns only if `last` or something is
/// wrong.
int run_child(const ChildOptions& options);

constexpr int kOpenFailed = 3;
constexpr int kStoreFailed = 4;

}  // namespace trunkline::crash
