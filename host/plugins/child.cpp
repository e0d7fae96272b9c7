#include "host/plugins/child.hpp"

#include <cerrno>
#include <csignal>
#include <cstring>
#include <system_error>

#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "host/process/spawn.hpp"

namespace trunkline::plugins {
namespace {

Error failed(const std::string& what, int code) {
    return Error{
        Fault::storage, what + ": " + std::error_code{code, std::generic_category()}.message()};
}

std::string how_it_ended(int status) {
    if (WIFSIGNALED(status)) {
        const char* const name = ::sigabbrev_np(WTERMSIG(status));
        return "killed by " + (name == nullptr ? "signal " + std::to_string(WTERMSIG(status))
                                               : "SIG" + std::string{name});
    }
    return "exit status " + std::to_string(WEXITSTATUS(status));
}

}  // namespace

Result<process::Descriptor> memory_file(const char* name, std::string_view bytes) {
    process::Descriptor file{::memfd_create(name, MFD_CLOEXEC)};
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
    process::Command command{arguments, {}};
    int number = 3;
    for (const int descriptor : descriptors)
        command.given.push_back({descriptor, number++});
    auto pid = process::spawn(command);
    if (!pid) return pid.error();
    return Child{*pid};
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
