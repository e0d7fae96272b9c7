#include "host/process/spawn.hpp"

#include <array>
#include <csignal>
#include <cstdlib>
#include <string>

#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include "host/process/descriptor.hpp"

namespace trunkline::process {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

/// What a shell says in which `script` runs, and how it ends.
struct Ran {
    std::string said;
    int status = -1;
};

Ran run(const std::string& script, std::vector<Given> more = {}, bool own_group = false) {
    std::array<int, 2> ends{};
    EXPECT_EQ(::pipe2(ends.data(), O_CLOEXEC), 0);
    Descriptor reading{ends[0]};
    Descriptor writing{ends[1]};
    more.push_back({writing.get(), 1});
    const auto pid = spawn({{"/bin/sh", "-c", script}, more, own_group});
    EXPECT_TRUE(pid) << pid.error().context;
    writing.close();
    Ran ran;
    std::array<char, 512> some{};
    for (ssize_t got = 0; (got = ::read(reading.get(), some.data(), some.size())) > 0;)
        ran.said.append(some.data(), static_cast<std::size_t>(got));
    int status = 0;
    EXPECT_EQ(::waitpid(*pid, &status, 0), *pid);
    ran.status = WEXITSTATUS(status);
    return ran;
}

TEST(Spawn, GivesWhatIsGivenAndNothingElse) {
    const Descriptor ours{::open("/dev/zero", O_RDONLY)};  // without close-on-exec
    const Descriptor given{::open("/dev/full", O_RDONLY | O_CLOEXEC)};
    ASSERT_EQ(::setenv("A_SECRET", "hunter2", 1), 0);
    const Ran ran =
        run("for n in 0 2 7; do readlink /proc/$$/fd/$n; done; echo ${A_SECRET-none}",
            {{given.get(), 7}});
    EXPECT_EQ(ran.said, "/dev/null\n/dev/null\n/dev/full\nnone\n");
    EXPECT_THAT(run("readlink /proc/$$/fd/*").said, Not(HasSubstr("/dev/zero")));
}

TEST(Spawn, PassesDescriptorsThatStandInEachOthersPlace) {
    const Descriptor first{::open("/dev/zero", O_RDONLY | O_CLOEXEC)};
    const Descriptor second{::open("/dev/full", O_RDONLY | O_CLOEXEC)};
    const Ran ran =
        run("readlink /proc/$$/fd/" + std::to_string(second.get()) + " /proc/$$/fd/" +
                std::to_string(first.get()),
            {{first.get(), second.get()}, {second.get(), first.get()}});
    EXPECT_EQ(ran.said, "/dev/zero\n/dev/full\n");
}

TEST(Spawn, BeginsWithNoSignalBlockedOrIgnored) {
    sigset_t blocked;
    sigset_t former;
    ::sigemptyset(&blocked);
    ::sigaddset(&blocked, SIGTERM);
    ASSERT_EQ(::pthread_sigmask(SIG_BLOCK, &blocked, &former), 0);
    const auto before = std::signal(SIGPIPE, SIG_IGN);
    const Ran ran = run("grep -E '^Sig(Blk|Ign)' /proc/$$/status | cut -f2");
    std::signal(SIGPIPE, before);
    ::pthread_sigmask(SIG_SETMASK, &former, nullptr);
    const auto end = ran.said.find('\n');
    EXPECT_EQ(ran.said.substr(0, end), "0000000000000000");
    // But for the two that the C library keeps for itself.
    EXPECT_EQ(std::stoull(ran.said.substr(end + 1), nullptr, 16) & 0x7FFF'FFFFU, 0U);
}

TEST(Spawn, MakesAGroupOfItsOwnWhenAsked) {
    const std::string group = "cut -d' ' -f5 /proc/$$/stat; echo $$";
    const std::string own = run(group, {}, true).said;
    EXPECT_EQ(
        own.substr(0, own.find('\n')),
        own.substr(own.find('\n') + 1, own.size() - own.find('\n') - 2)
    );
    EXPECT_THAT(run(group).said, HasSubstr(std::to_string(::getpgrp()) + "\n"));
}

TEST(Spawn, SaysWhatCouldNotBeStarted) {
    const auto pid = spawn({{"/nowhere/program"}, {}});
    ASSERT_FALSE(pid);
    EXPECT_EQ(pid.error().fault, Fault::unavailable);
    EXPECT_EQ(pid.error().context, "starting /nowhere/program: No such file or directory");
}

}  // namespace
}  // namespace trunkline::process
