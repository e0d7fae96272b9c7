#pragma once

#include <atomic>
#include <cstdint>

#include "host/base/result.hpp"

namespace trunkline::frames {

/// What a child is at, in memory shared with the host, so that it can still be read when the child
/// is dead. The child may write anything here: the host reads it for nothing but to find whom to
/// blame and what to tell.
struct Progress {
    std::atomic<std::uint64_t> call;     ///< being worked on; 0 = none
    std::uint32_t done;                  ///< the connector's `*done` of a `handle`
    std::atomic<std::uint32_t> refused;  ///< system calls that were refused
    std::atomic<std::int32_t> refused_last;
    char reason[480];  ///< why the runner itself ended; up to the first NUL
};
static_assert(sizeof(Progress) <= 4096);

/// The two descriptors a runner finds, and its page. Nothing else is open there but 0, 1 and 2.
inline constexpr int kSocket = 3;
inline constexpr int kPage = 4;

/// A page shared with a child. Sealed: neither side can cut it under the other. A value that owns
/// the mapping and, in the host, the descriptor.
class ProgressPage {
public:
    static Result<ProgressPage> make();       ///< in the host; zero
    static Result<ProgressPage> map(int fd);  ///< in the child; takes no descriptor over
    ~ProgressPage();
    ProgressPage(ProgressPage&& other) noexcept;
    ProgressPage& operator=(ProgressPage&&) = delete;
    ProgressPage(const ProgressPage&) = delete;
    ProgressPage& operator=(const ProgressPage&) = delete;

    Progress& operator*() const noexcept { return *page_; }
    Progress* operator->() const noexcept { return page_; }
    int descriptor() const noexcept { return fd_; }

    /// `done` as the child left it. It is written by code that knows of no other reader.
    std::uint32_t done() const noexcept { return __atomic_load_n(&page_->done, __ATOMIC_RELAXED); }

private:
    ProgressPage(Progress* page, int fd) : page_{page}, fd_{fd} {}

    Progress* page_ = nullptr;
    int fd_ = -1;
};

}  // namespace trunkline::frames
