#include "host/isolation/death.hpp"

#include <algorithm>
#include <array>
#include <cstring>
#include <utility>

#include <sys/syscall.h>
#include <sys/wait.h>

namespace trunkline::isolation {
namespace {

constexpr std::size_t kReasonMax = 200;
constexpr int kOwnReason = 70;  // the runner's exit status when it wrote why into the page

std::string clean(std::string_view text) {
    std::string line{text.substr(0, std::min(text.find('\0'), kReasonMax))};
    std::ranges::replace_if(
        line, [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7F; }, ' '
    );
    std::ranges::replace(line, '"', '\'');
    while (line.ends_with(' '))
        line.pop_back();
    return line;
}

std::string by_signal(int number) {
    const char* name = ::sigabbrev_np(number);
    return "signal " + std::to_string(number) +
           (name == nullptr ? std::string{} : " (SIG" + std::string{name} + ")");
}

}  // namespace

std::string describe_death(
    const siginfo_t& how, const frames::Progress& page, std::string_view words
) {
    std::string text;
    if (how.si_code == CLD_EXITED) {
        text = "exit status " + std::to_string(how.si_status);
        if (how.si_status == kOwnReason) {
            std::array<char, sizeof page.reason> reason{};
            std::memcpy(reason.data(), page.reason, reason.size() - 1);
            if (std::string said = clean(reason.data()); !said.empty()) text = std::move(said);
        }
    } else {
        text = by_signal(how.si_status);
    }
    const std::string said = clean(words);
    return said.empty() ? text : text + ": " + said;
}

std::string name_of_call(std::int32_t number) {
    constexpr std::array kNames {
        std::pair{SYS_openat, "openat"}, std::pair{SYS_socket, "socket"},
            std::pair{SYS_socketpair, "socketpair"}, std::pair{SYS_connect, "connect"},
            std::pair{SYS_execve, "execve"}, std::pair{SYS_clone, "clone"},
            std::pair{SYS_clone3, "clone3"}, std::pair{SYS_kill, "kill"},
            std::pair{SYS_tgkill, "tgkill"}, std::pair{SYS_ptrace, "ptrace"},
            std::pair{SYS_rt_sigaction, "rt_sigaction"}, std::pair{SYS_fcntl, "fcntl"},
            std::pair{SYS_prctl, "prctl"}, std::pair{SYS_dup, "dup"},
            std::pair{SYS_unlinkat, "unlinkat"}, std::pair{SYS_mkdirat, "mkdirat"},
            std::pair{SYS_getcwd, "getcwd"}, std::pair{SYS_setrlimit, "setrlimit"},
            std::pair{SYS_io_uring_setup, "io_uring_setup"},
#if defined(__x86_64__)
            std::pair{SYS_open, "open"}, std::pair{SYS_fork, "fork"}, std::pair{SYS_vfork, "vfork"},
            std::pair{SYS_unlink, "unlink"}, std::pair{SYS_stat, "stat"},
            std::pair{SYS_access, "access"},
#endif
    };
    for (const auto& [known, name] : kNames) {
        if (known == number) return name;
    }
    return "system call " + std::to_string(number);
}

}  // namespace trunkline::isolation
