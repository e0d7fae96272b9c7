#pragma once

#include <cstdint>
#include <string>

#include "host/base/result.hpp"
#include "host/frames/progress.hpp"

/// What a child gives up. Each step is for good.
namespace trunkline::runner {

/// Before the library is loaded, whose constructors are the connector's code already: no new
/// privileges, limits on memory and files, death with the host, no network, no processes, nothing
/// is opened for writing, nothing but `library` and the system's libraries for reading, and no
/// other process is reached. `memory_max`: bytes of address space. Source: seccomp(2), landlock(7).
Result<void> confine_loading(std::uint64_t memory_max, const std::string& library);

/// Before the connector's first call: nothing is opened any more, and only those system calls are
/// left that handling needs. Others fail with EPERM and are counted in `progress`, which must
/// outlive the process.
Result<void> confine_running(frames::Progress& progress);

}  // namespace trunkline::runner
