#include "host/plugins/child.hpp"

#include <cerrno>
#include <csignal>
#include <cstring>
#include <system_error>

#include <fcntl.h>
#include <spawn.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

namespace trunkline::plugins {
namespace {

Error failed(const std::string& what, int code) {
    return Error{
        Fault::storage, what + ": " + std::error_code{code, std::generic_category()}.message()};
}

/// What posix_spawn is told, freed in the end.
struct Actions {
    Actions() {
        ::posix_spawn_file_actions_init(&files);
        ::posix_spawnattr_init(&attributes);
    }
    ~Actions() {
        ::posix_spawn_file_actions_destroy(&files);
        ::posix_spawnattr_destroy(&attributes);
    }
    Actions(const Actions&) = delete;
    Actions& operator=(const Actions&) = delete;

    posix_spawn_file_actions_t files{};
    posix_spawnattr_t attributes{};
};

std::string how_it_ended(int status) {
    if (WIFSIGNALED(status)) {
        const char* const name = ::sigabbrev_np(WTERMSIG(status));
        return "killed by " + (name == nullptr ? "signal " + std::to_string(WTERMSIG(status))
                                               : "SIG" + std::string{name});
    }
    return "exit status " + std::to_string(WEXITSTATUS(status));
}

}  // namespace

OwnedDescriptor::~OwnedDescriptor() {
    close();
}

void OwnedDescriptor::close() {
    if (value_ >= 0) ::close(std::exchange(value_, -1));
}

Result<OwnedDescriptor> memory_file(const char* name, std::string_view bytes) {
    OwnedDescriptor file{::memfd_create(name, MFD_CLOEXEC)};
    if (file.get() < 0) return failed("a file in memory", errno);
    std::size_t at = 0;
    while (at < bytes.size()) {
        const ssize_t written = ::write(file.get(), bytes.data() + at, bytes.size() - at);
        if (written < 0 && errno == EINTR) continue;
        if (written < 0) return failed("writing a file in memory", errno);
        at += static_cast<std::size_t>(written);
    }
    return file;
}

Result<Child> Child::start(
    const std::vector<std::string>& arguments, const std::vector<int>& descriptors
) {
    Actions actions;
    ::posix_spawn_file_actions_addopen(&actions.files, 0, "/dev/null", O_RDONLY, 0);
    for (const int standard : {1, 2})
        ::posix_spawn_file_actions_addopen(&actions.files, standard, "/dev/null", O_WRONLY, 0);
    // Out of the way first: one of ours may be a 3 or 4 itself.
    constexpr int kFirst = 3;
    constexpr int kAside = 100;
    for (std::size_t i = 0; i < descriptors.size(); ++i)
        ::posix_spawn_file_actions_adddup2(
            &actions.files, descriptors[i], kAside + static_cast<int>(i)
        );
    for (std::size_t i = 0; i < descriptors.size(); ++i)
        ::posix_spawn_file_actions_adddup2(
            &actions.files, kAside + static_cast<int>(i), kFirst + static_cast<int>(i)
        );
    ::posix_spawn_file_actions_addclosefrom_np(
        &actions.files, kFirst + static_cast<int>(descriptors.size())
    );
    // The host blocks signals and ignores SIGPIPE; a child begins as any program does.
    sigset_t none;
    sigset_t all;
    sigemptyset(&none);
    sigfillset(&all);
    ::posix_spawnattr_setsigmask(&actions.attributes, &none);
    ::posix_spawnattr_setsigdefault(&actions.attributes, &all);
    ::posix_spawnattr_setflags(&actions.attributes, POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF);
    std::vector<char*> words;
    for (const std::string& argument : arguments)
        words.push_back(const_cast<char*>(argument.c_str()));
    words.push_back(nullptr);
    char* environment[] = {nullptr};
    pid_t pid = -1;
    const int code = ::posix_spawn(
        &pid, words.front(), &actions.files, &actions.attributes, words.data(), environment
    );
    if (code != 0) return failed("starting " + arguments.front(), code);
    return Child{pid};
}

Child::Child(Child&& other) noexcept : pid_{std::exchange(other.pid_, -1)} {}

Child::~Child() {
    end();
}

std::string Child::end() {
    if (pid_ < 0) return "ended before";
    int status = 0;
    pid_t ended = ::waitpid(pid_, &status, WNOHANG);
    if (ended == 0) {
        ::kill(pid_, SIGKILL);
        do {
            ended = ::waitpid(pid_, &status, 0);
        } while (ended < 0 && errno == EINTR);
    }
    pid_ = -1;
    return ended < 0 ? "ended unseen" : how_it_ended(status);
}

}  // namespace trunkline::plugins
