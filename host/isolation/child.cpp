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
#include <spawn.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "host/isolation/death.hpp"

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

/// What a child sees of our environment: nothing, since secrets are in it, but the sanitizers'
/// options in builds that have them.
std::vector<std::string> environment() {
    std::vector<std::string> kept;
    for (const char* name : {"ASAN_OPTIONS", "LSAN_OPTIONS", "TSAN_OPTIONS", "UBSAN_OPTIONS"}) {
        if (const char* value = std::getenv(name)) kept.push_back(std::string{name} + "=" + value);
    }
    return kept;
}

struct Actions {
    Actions() { ::posix_spawn_file_actions_init(&value); }
    ~Actions() { ::posix_spawn_file_actions_destroy(&value); }
    Actions(const Actions&) = delete;
    Actions& operator=(const Actions&) = delete;
    posix_spawn_file_actions_t value{};
};

struct Attributes {
    Attributes() {
        ::posix_spawnattr_init(&value);
        // A host that is started with signals blocked or ignored must not pass that on.
        sigset_t none, all;
        ::sigemptyset(&none);
        ::sigfillset(&all);
        ::posix_spawnattr_setsigmask(&value, &none);
        ::posix_spawnattr_setsigdefault(&value, &all);
        // Its own group: Ctrl-C at the host's terminal is the host's affair.
        ::posix_spawnattr_setpgroup(&value, 0);
        ::posix_spawnattr_setflags(
            &value, POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETPGROUP
        );
    }
    ~Attributes() { ::posix_spawnattr_destroy(&value); }
    Attributes(const Attributes&) = delete;
    Attributes& operator=(const Attributes&) = delete;
    posix_spawnattr_t value{};
};

/// Copies above all numbers that the child uses, so that moving one to its place never covers
/// another.
Descriptor out_of_the_way(const Descriptor& from) {
    return Descriptor{::fcntl(from.get(), F_DUPFD_CLOEXEC, frames::kPage + 1)};
}

}  // namespace

Descriptor::~Descriptor() {
    if (value_ >= 0) ::close(value_);
}

Descriptor::Descriptor(Descriptor&& other) noexcept : value_{std::exchange(other.value_, -1)} {}

Descriptor& Descriptor::operator=(Descriptor&& other) noexcept {
    std::swap(value_, other.value_);
    return *this;
}

int Descriptor::release() noexcept {
    return std::exchange(value_, -1);
}

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
    const Descriptor nothing{::open("/dev/null", O_RDWR | O_CLOEXEC)};
    if (nothing.get() < 0) return failed("opening /dev/null", errno);

    const std::array<std::pair<const Descriptor, int>, 5> places{
        {{out_of_the_way(nothing), 0},
         {out_of_the_way(nothing), 1},
         {out_of_the_way(words), 2},
         {out_of_the_way(theirs), frames::kSocket},
         {Descriptor{::fcntl(page->descriptor(), F_DUPFD_CLOEXEC, frames::kPage + 1)},
          frames::kPage}}};
    Actions actions;
    for (const auto& [from, to] : places) {
        if (from.get() < 0) return failed("passing on descriptors", errno);
        ::posix_spawn_file_actions_adddup2(&actions.value, from.get(), to);
    }
    const Attributes attributes;
    std::string program = runner, mode = "serve", file = library,
                memory = std::to_string(memory_max);
    std::array<char*, 5> words_of_command{
        program.data(), mode.data(), file.data(), memory.data(), nullptr};
    std::vector<std::string> kept = environment();
    std::vector<char*> variables;
    for (std::string& entry : kept)
        variables.push_back(entry.data());
    variables.push_back(nullptr);
    pid_t pid = -1;
    const int code = ::posix_spawn(
        &pid,
        runner.c_str(),
        &actions.value,
        &attributes.value,
        words_of_command.data(),
        variables.data()
    );
    if (code != 0) return failed(("starting " + runner).c_str(), code);
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
