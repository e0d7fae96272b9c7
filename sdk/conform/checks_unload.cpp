// Whether the library really goes away, and leaves the process as it found it.
#include <array>
#include <clocale>
#include <csignal>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <limits>
#include <thread>

#include <malloc.h>
#include <sys/stat.h>
#include <unistd.h>

#include "check.hpp"
#include "library.hpp"
#include "runs.hpp"

namespace trunkline::conform {
namespace unload_group {
namespace {

constexpr int kLoads = 50;
constexpr int kFewLoads = 4;
constexpr int kWarmLoads = 10;
constexpr int kWindows = 3;
constexpr long kGrowthKiBMax = 64;

/// A whole life: load, create, handle every case, end, unload. True when the library is gone then.
bool one_life(Trial& trial) {
    Library library{trial.subject()};
    for (const Golden& golden : trial.subject().cases) {
        TestHost host{library.plugin(), golden.account};
        if (host.created() == TL_OK) feed(host, golden.inputs, 7);
    }
    if (trial.subject().cases.empty()) {
        const TestHost host{library.plugin(), Account{}};
    }
    return library.close();
}

/// The same on a thread that ends: what is bound to a thread must not pin the library.
bool one_life_elsewhere(Trial& trial) {
    bool gone = false;
    std::string fault;
    std::thread{[&] {
        try {
            gone = one_life(trial);
        } catch (const std::exception& error) {
            fault = error.what();
        }
    }}.join();
    if (!fault.empty()) throw std::runtime_error{fault};
    return gone;
}

void lives(Trial& trial, int count) {
    for (int i = 0; i < count; ++i)
        i % 2 == 0 ? one_life(trial) : one_life_elsewhere(trial);
}

void unmapped(Trial& trial) {
    for (int i = 0; i < kLoads; ++i) {
        const bool elsewhere = i % 2 != 0;
        const bool gone = elsewhere ? one_life_elsewhere(trial) : one_life(trial);
        if (gone) continue;
        return trial.fail(
            "it is still mapped after unload " + std::to_string(i + 1) + " on " +
            (elsewhere ? "a thread that ended" : "the main thread")
        );
    }
}

long resident_kib() {
    std::ifstream statm{"/proc/self/statm"};
    long size = 0, resident = 0;
    statm >> size >> resident;
    return resident * (sysconf(_SC_PAGESIZE) / 1024);
}

void memory(Trial& trial) {
#ifdef TRUNKLINE_SANITIZED
    return trial.not_applicable("a sanitizer owns the memory");
#endif
    lives(trial, kWarmLoads - 1);
    if (!one_life(trial)) return trial.not_applicable("it stays mapped: see unload.unmapped");
    // What a leak leaves it leaves every time; what the process itself sets up once it does not.
    long growth = std::numeric_limits<long>::max();
    for (int i = 0; i < kWindows; ++i) {
        malloc_trim(0);
        const long before = resident_kib();
        lives(trial, kLoads / 2);
        malloc_trim(0);
        growth = std::min(growth, resident_kib() - before);
    }
    trial.figure("KiB", static_cast<double>(growth));
    trial.expect(
        growth < kGrowthKiBMax,
        std::to_string(growth) + " KiB are left after " + std::to_string(kLoads / 2) + " loads"
    );
}

/// Entries of a folder of /proc. The one that is being read is not counted.
std::size_t entries(const char* folder) {
    std::size_t count = 0;
    for ([[maybe_unused]] const auto& each : std::filesystem::directory_iterator{folder})
        ++count;
    return count;
}

/// Runs a few lives and expects `look` to find what it found before any.
template <class Look>
void untouched(Trial& trial, Look look, std::string_view what) {
    const auto before = look();
    lives(trial, kFewLoads);
    trial.expect(look() == before, what);
}

void threads(Trial& trial) {
    const std::size_t before = entries("/proc/self/task");
    lives(trial, kFewLoads);
    // One that has ended stays in the list for a moment.
    for (int i = 0; i < 200 && entries("/proc/self/task") > before; ++i)
        usleep(1000);
    trial.expect(entries("/proc/self/task") <= before, "a thread is left");
}

void descriptors(Trial& trial) {
    untouched(
        trial, [] { return entries("/proc/self/fd"); }, "a file descriptor is left"
    );
}

void signals(Trial& trial) {
    untouched(
        trial,
        [] {
            std::array<void*, 32> handlers{};
            for (int each = 1; each < 32; ++each) {
                struct sigaction action {};
                sigaction(each, nullptr, &action);
                handlers[static_cast<std::size_t>(each)] =
                    reinterpret_cast<void*>(action.sa_handler);
            }
            return handlers;
        },
        "a signal is handled otherwise"
    );
}

void locale(Trial& trial) {
    untouched(
        trial,
        [] { return std::string{setlocale(LC_ALL, nullptr)}; },  // NOLINT(concurrency-mt-unsafe)
        "the locale is another"
    );
}

void environment(Trial& trial) {
    untouched(
        trial,
        [] {
            std::string all;
            for (char** each = environ; *each != nullptr; ++each)
                all += std::string{*each} + "\n";
            return all;
        },
        "the environment is another"
    );
}

void file_mask(Trial& trial) {
    untouched(
        trial,
        [] {
            const mode_t mask = umask(0);
            umask(mask);
            return mask;
        },
        "the mask for new files is another"
    );
}

constexpr Check kChecks[]{
    {"unload.unmapped",
     "Fifty loads are fifty unloads, on the main and on other threads: what stays mapped is memory "
     "lost with every update.",
     unmapped,
     Severity::error,
     60},
    {"unload.memory",
     "Loading and unloading leaves no memory behind.",
     memory,
     Severity::error,
     60},
    {"unload.threads",
     "No thread is left when the library is gone: it would run code that is not there.",
     threads},
    {"unload.descriptors", "No file descriptor is left.", descriptors},
    {"unload.signals",
     "Signals are handled as before: a handler would be code that is not there.",
     signals},
    {"unload.locale", "The locale is left alone: it belongs to the whole process.", locale},
    {"unload.environment", "The environment is left alone.", environment},
    {"unload.file_mask", "The mask for new files is left alone.", file_mask},
};

}  // namespace
}  // namespace unload_group

std::span<const Check> unload_checks() {
    return unload_group::kChecks;
}

}  // namespace trunkline::conform
