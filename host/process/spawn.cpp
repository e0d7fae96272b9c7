#include "host/process/spawn.hpp"

#include <algorithm>
#include <array>
#include <cerrno>
#include <csignal>
#include <cstdlib>
#include <string>
#include <system_error>

#include <fcntl.h>
#include <spawn.h>

#include "host/process/descriptor.hpp"

namespace trunkline::process {
namespace {

Error failed(const std::string& what, int code) {
    return Error{
        Fault::unavailable, what + ": " + std::error_code{code, std::generic_category()}.message()};
}

/// What posix_spawn is told, freed in the end.
struct Told {
    Told() {
        ::posix_spawn_file_actions_init(&files);
        ::posix_spawnattr_init(&attributes);
        // A host that is started with signals blocked or ignored must not pass that on.
        sigset_t none;
        sigset_t all;
        ::sigemptyset(&none);
        ::sigfillset(&all);
        ::posix_spawnattr_setsigmask(&attributes, &none);
        ::posix_spawnattr_setsigdefault(&attributes, &all);
    }
    ~Told() {
        ::posix_spawn_file_actions_destroy(&files);
        ::posix_spawnattr_destroy(&attributes);
    }
    Told(const Told&) = delete;
    Told& operator=(const Told&) = delete;

    posix_spawn_file_actions_t files{};
    posix_spawnattr_t attributes{};
};

std::vector<std::string> environment() {
    std::vector<std::string> kept;
    for (const char* name : {"ASAN_OPTIONS", "LSAN_OPTIONS", "TSAN_OPTIONS", "UBSAN_OPTIONS"}) {
        if (const char* value = std::getenv(name)) kept.push_back(std::string{name} + "=" + value);
    }
    return kept;
}

/// As execve wants them: pointers, a null behind the last.
std::vector<char*> pointers(std::vector<std::string>& texts) {
    std::vector<char*> out;
    for (std::string& text : texts)
        out.push_back(text.data());
    out.push_back(nullptr);
    return out;
}

}  // namespace

Result<int> spawn(const Command& command) {
    std::vector<Given> given{command.given};
    const Descriptor nothing{::open("/dev/null", O_RDWR | O_CLOEXEC)};
    if (nothing.get() < 0) return failed("opening /dev/null", errno);
    for (const int standard : {0, 1, 2}) {
        if (std::ranges::find(given, standard, &Given::number) == given.end())
            given.push_back({nothing.get(), standard});
    }
    const int last = std::ranges::max_element(given, {}, &Given::number)->number;

    Told told;
    // Copied above all numbers that the child uses, so that moving one to its place never covers
    // another.
    std::vector<Descriptor> copies;
    for (const Given& each : given) {
        copies.emplace_back(::fcntl(each.ours, F_DUPFD_CLOEXEC, last + 1));
        if (copies.back().get() < 0) return failed("passing on descriptors", errno);
        ::posix_spawn_file_actions_adddup2(&told.files, copies.back().get(), each.number);
    }
    ::posix_spawn_file_actions_addclosefrom_np(&told.files, last + 1);
    int flags = POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF;
    if (command.own_group) {
        ::posix_spawnattr_setpgroup(&told.attributes, 0);
        flags |= POSIX_SPAWN_SETPGROUP;
    }
    ::posix_spawnattr_setflags(&told.attributes, static_cast<short>(flags));

    std::vector<std::string> words{command.words};
    std::vector<std::string> variables = environment();
    pid_t pid = -1;
    const int code = ::posix_spawn(
        &pid,
        command.words.front().c_str(),
        &told.files,
        &told.attributes,
        pointers(words).data(),
        pointers(variables).data()
    );
    if (code != 0) return failed("starting " + command.words.front(), code);
    return pid;
}

}  // namespace trunkline::process
