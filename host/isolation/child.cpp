#include "host/isolation/child.hpp"

#include <array>
#include <cerrno>
#include <cstdlib>
#include <filesystem>
#include <system_error>
#include <utility>
#include <vector>

#include <fcntl.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "host/isolation/death.hpp"
#include "host/process/spawn.hpp"

namespace trunkline::isolation {
namespace {

constexpr off_t kWordsMax = 16 << 10;  // of its standard error; what comes after is refused

Error failed(const char* what, int code) {
    return Error{
        Fault::unavailable,
        std::string{what} + ": " + std::error_code{code, std::generic_category()}.message()};
}

/// By the system's number: the C library's header of Debian 12 does not declare it for C++.
int open_process(int pid) {
    return static_cast<int>(::syscall(SYS_pidfd_open, pid, 0));
}

/// A memory file of fixed size: what a child writes to its standard error, up to there.
Descriptor make_words() {
    Descriptor words{::memfd_create("trunkline-words", MFD_CLOEXEC | MFD_ALLOW_SEALING)};
    if (words.get() < 0 || ::ftruncate(words.get(), kWordsMax) != 0 ||
        ::fcntl(words.get(), F_ADD_SEALS, F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_SEAL) != 0)
        return Descriptor{};
    return words;
}

}  // namespace

Child::Child(
    int pid, Descriptor process, Descriptor socket, Descriptor words, frames::ProgressPage page
)
    : pid_{pid},
      process_{std::move(process)},
      socket_{std::move(socket)},
      words_{std::move(words)},
      page_{std::move(page)} {}

Result<Child> Child::start(
    const std::string& runner, const std::string& library, std::uint64_t memory_max
) {
    auto page = frames::ProgressPage::make();
    if (!page) return page.error();
    Descriptor words = make_words();
    if (words.get() < 0) return failed("making room for its words", errno);
    std::array<int, 2> pair{-1, -1};
    if (::socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair.data()) != 0)
        return failed("making a socket", errno);
    Descriptor ours{pair[0]};
    const Descriptor theirs{pair[1]};

    const auto started = process::spawn(
        {.words = {runner, "serve", library, std::to_string(memory_max)},
         .given =
             {{words.get(), 2},
              {theirs.get(), frames::kSocket},
              {page->descriptor(), frames::kPage}},
         .own_group = true}
    );
    if (!started) return started.error();
    const int pid = *started;
    // Nobody else waits for children, so the number is still this one's.
    Descriptor process{open_process(pid)};
    if (process.get() < 0) {
        auto error = failed("watching the child", errno);
        ::kill(pid, SIGKILL);
        ::waitpid(pid, nullptr, 0);
        return error;
    }
    return Child{pid, std::move(process), std::move(ours), std::move(words), *std::move(page)};
}

Child::~Child() {
    if (process_.get() < 0 || buried_) return;  // moved from, or done with
    kill();
    (void)bury();
}

void Child::kill() const noexcept {
    if (!buried_) (void)::syscall(SYS_pidfd_send_signal, process_.get(), SIGKILL, nullptr, 0);
}

std::string Child::bury() {
    siginfo_t how{};
    while (::waitid(P_PIDFD, static_cast<id_t>(process_.get()), &how, WEXITED) != 0) {
        if (errno != EINTR) break;
    }
    buried_ = true;
    std::string words(kWordsMax, '\0');
    const ssize_t got = ::pread(words_.get(), words.data(), words.size(), 0);
    words.resize(static_cast<std::size_t>(std::max<ssize_t>(got, 0)));
    return describe_death(how, *page_, words);
}

std::string runner_beside_this_program() {
    std::error_code error;
    const auto here = std::filesystem::read_symlink("/proc/self/exe", error);
    return error ? "trunkline-runner" : (here.parent_path() / "trunkline-runner").string();
}

}  // namespace trunkline::isolation
