#include "host/runner/confine.hpp"

#include <csignal>

#include <sys/prctl.h>
#include <sys/resource.h>

namespace trunkline::runner {
namespace {

constexpr rlim_t kMemory = rlim_t{2} << 30U;
constexpr rlim_t kSeconds = 30;

void limit(__rlimit_resource_t what, rlim_t most) {
    const rlimit wanted{most, most};
    ::setrlimit(what, &wanted);
}

}  // namespace

void confine_trial() {
    ::prctl(PR_SET_PDEATHSIG, SIGKILL);
    ::prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
    limit(RLIMIT_CORE, 0);
    limit(RLIMIT_NPROC, 0);
    limit(RLIMIT_NOFILE, 8);
    limit(RLIMIT_CPU, kSeconds);
#if !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)
    limit(RLIMIT_AS, kMemory);  // sanitizers reserve far more than they use
#endif
}

}  // namespace trunkline::runner
