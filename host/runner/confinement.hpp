#pragma once

#include <cstdint>

#include "host/base/result.hpp"
#include "host/frames/progress.hpp"

/// What a child gives up. Each step is for good.
namespace trunkline::runner {

/// Before the library is loaded, whose constructors are the connector's code already: no new
/// privileges, limits on memory and files, death with the host, no network, no processes, nothing
/// is opened for writing. `memory_max`: bytes of address space.
Result<void> confine_loading(std::uint64_t memory_max);

/// Before the connector's first call: nothing is opened any more, and only those system calls are
/// left that handling needs. Others fail with EPERM and are counted in `progress`, which must
/// outlive the process.
Result<void> confine_running(frames::Progress& progress);

}  // namespace trunkline::runner
