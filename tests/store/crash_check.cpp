// trunkline-crash-check: kills a process that uses the store, again and again, and then judges what
// is left.
#include <chrono>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <random>
#include <string>
#include <thread>

#include <fcntl.h>
#include <poll.h>
#include <sys/wait.h>
#include <unistd.h>

#include "crash_child.hpp"
#include "host/store/frame.hpp"
#include "lanes_history.hpp"

namespace trunkline::crash {

namespace {

namespace fs = std::filesystem;

struct Arguments {
    std::uint32_t kills = 60;
    std::uint64_t seed = 1;
    std::string folder;
    bool torn = false;
    bool sick = false;
};

bool parse(int count, char** values, Arguments& out) {
    for (int i = 1; i < count; ++i) {
        const std::string name = values[i];
        if (name == "--torn") {
            out.torn = true;
            continue;
        }
        if (name == "--sick") {
            out.sick = true;
            continue;
        }
        if (i + 1 == count) return false;
        const std::string value = values[++i];
        if (name == "--kills") {
            out.kills = static_cast<std::uint32_t>(std::stoul(value));
        } else if (name == "--seed") {
            out.seed = std::stoull(value);
        } else if (name == "--dir") {
            out.folder = value;
        } else {
            return false;
        }
    }
    return true;
}

/// The file of the journal that was written to last, and the stretch of it that was, as far as its
/// frames are above `spared`.
struct Tail {
    std::string file;
    std::uint64_t begin = 0;
    std::uint64_t end = 0;
    std::uint64_t newest = 0;
};

Tail tail_of_journal(const std::string& folder, std::uint64_t spared) {
    Tail out;
    std::error_code ignored;
    for (const auto& entry : fs::directory_iterator{folder + "/db/journal", ignored}) {
        const auto name = entry.path().stem().string();
        std::ifstream in{entry.path(), std::ios::binary};
        const std::string bytes{std::istreambuf_iterator<char>{in}, {}};
        Tail tail{entry.path().string(), 0, 0, 0};
        // Behind the newest frame stands what an earlier use of the file has left.
        store::find_frames(
            bytes,
            std::string_view{name}.substr(name.find('-') + 1),
            [&](const store::FoundFrame& found) {
                if (found.header.sequence < tail.newest) return;
                if (tail.newest <= spared) tail.begin = found.at;
                tail.newest = found.header.sequence;
                tail.end = found.at + found.bytes;
            }
        );
        if (tail.newest > out.newest) out = tail;
    }
    return out;
}

// Wipes the end of what was written last, or overwrites it with noise: what a power cut may leave
// of what was not synced. What was there before the last start is spared: two power cuts do not
// take what one has left.
bool tear(const std::string& folder, std::uint64_t spared, std::mt19937_64& random) {
    const auto tail = tail_of_journal(folder, spared);
    if (tail.newest <= spared) return false;
    const auto bytes =
        std::min<std::uint64_t>(tail.end - tail.begin, 1024 + random() % (59 * 1024));
    const int file = ::open(tail.file.c_str(), O_WRONLY | O_CLOEXEC);
    if (file < 0) return false;
    std::string torn(bytes, '\0');
    if (random() % 2 == 0) {
        for (auto& c : torn)
            c = static_cast<char>(random());
    }
    const auto written =
        ::pwrite(file, torn.data(), torn.size(), static_cast<off_t>(tail.end - bytes));
    ::close(file);
    return written > 0;
}

/// One child from its birth to its death. 0 if it was killed as it should be.
int run_round(ChildOptions options, std::mt19937_64& random, bool while_opening) {
    int ends[2] = {-1, -1};
    if (::pipe(ends) != 0) return kStoreFailed;
    options.ready = ends[1];
    const auto child = ::fork();
    if (child < 0) return kStoreFailed;
    if (child == 0) {
        ::close(ends[0]);
        ::_exit(run_child(options));
    }
    ::close(ends[1]);
    if (!while_opening && !options.last) {
        pollfd ready{ends[0], POLLIN, 0};
        ::poll(&ready, 1, 60'000);
    }
    if (!options.last) {
        std::this_thread::sleep_for(std::chrono::microseconds{5'000 + random() % 95'000});
        ::kill(child, SIGKILL);
    }
    int status = 0;
    ::waitpid(child, &status, 0);
    ::close(ends[0]);
    if (WIFSIGNALED(status)) return WTERMSIG(status) == SIGKILL && !options.last ? 0 : kStoreFailed;
    return WEXITSTATUS(status);
}

bool print(const std::vector<std::string>& violations) {
    for (std::size_t i = 0; i < std::min<std::size_t>(violations.size(), 20); ++i)
        std::printf("VIOLATION %s\n", violations[i].c_str());
    return violations.empty();
}

// A run in which nothing was delivered proves nothing.
bool judge_store(const Arguments& arguments, const std::vector<Round>& rounds) {
    DeadIds dead;
    for (const auto& entry : read_log(arguments.folder + "/dead"))
        dead.insert(entry.id);
    const auto verdict =
        judge(read_log(arguments.folder + "/history"), rounds, dead, arguments.torn);
    std::printf(
        "store: accepted %llu, delivered %llu, dead %llu, lost %llu, repeats %llu (longest %llu), "
        "violations %zu\n",
        static_cast<unsigned long long>(verdict.accepted),
        static_cast<unsigned long long>(verdict.delivered),
        static_cast<unsigned long long>(verdict.dead),
        static_cast<unsigned long long>(verdict.lost),
        static_cast<unsigned long long>(verdict.repeats),
        static_cast<unsigned long long>(verdict.longest_repeat),
        verdict.violations.size()
    );
    return print(verdict.violations) && verdict.accepted > 0 && verdict.delivered > 0;
}

bool judge_lanes(const Arguments& arguments) {
    const auto verdict = lanes::judge(read_log<lanes::Step>(arguments.folder + "/lanes"));
    std::printf(
        "lanes: accepted %llu, taken %llu, statuses %llu, gap notices %llu, dead %llu, requeued "
        "%llu, turns %llu, failures of the disk %llu, lost %llu, repeats %llu (longest %llu), "
        "violations %zu\n",
        static_cast<unsigned long long>(verdict.accepted),
        static_cast<unsigned long long>(verdict.taken),
        static_cast<unsigned long long>(verdict.statuses),
        static_cast<unsigned long long>(verdict.notices),
        static_cast<unsigned long long>(verdict.dead),
        static_cast<unsigned long long>(verdict.requeued),
        static_cast<unsigned long long>(verdict.turns),
        static_cast<unsigned long long>(verdict.disk_failures),
        static_cast<unsigned long long>(verdict.lost),
        static_cast<unsigned long long>(verdict.repeats),
        static_cast<unsigned long long>(verdict.longest_repeat),
        verdict.violations.size()
    );
    return print(verdict.violations) && verdict.accepted > 0 && verdict.statuses > 0 &&
           verdict.notices > 0 && verdict.turns > 0 &&
           (verdict.disk_failures > 0) == arguments.sick;
}

int check(const Arguments& arguments) {
    std::mt19937_64 random{arguments.seed};
    const auto begin = std::chrono::steady_clock::now();
    std::vector<Round> rounds{Round{}};  // rounds count from 1
    std::uint32_t failed = 0;
    bool torn_before = false;
    for (std::uint32_t round = 1; round <= arguments.kills + 1; ++round) {
        ChildOptions options;
        options.folder = arguments.folder;
        options.round = round;
        options.seed = random();
        options.last = round == arguments.kills + 1;
        options.durable_acknowledgements = options.last || random() % 2 == 0;
        // Lanes are judged more strictly than a log with a torn end allows.
        const auto users = random() % 4;
        options.lanes = !arguments.torn && (options.last || users != 0);
        options.bare = arguments.torn || options.last || users < 2;
        if (!options.last && random() % 3 == 0) {
            options.point = static_cast<KillPoint>(1 + random() % 4);
            options.passes = static_cast<int>(random() % 40);
        }
        options.sick = arguments.sick && !options.last;
        // While the disk refuses, acknowledgements are kept in memory, durable or not.
        rounds.push_back({options.durable_acknowledgements && !options.sick, torn_before});
        const bool while_opening = random() % 5 == 0;
        const auto before = arguments.torn ? tail_of_journal(arguments.folder, 0).newest : 0;
        const auto code = run_round(options, random, while_opening);
        if (code != 0) {
            std::printf("round %u ended with %d\n", round, code);
            ++failed;
        }
        torn_before = arguments.torn && !options.last && random() % 2 == 0 &&
                      tear(arguments.folder, before, random);
    }
    const auto seconds =
        std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();

    std::printf(
        "kills %u, seed %llu%s%s, failed rounds %u, %.1f s\n",
        arguments.kills,
        static_cast<unsigned long long>(arguments.seed),
        arguments.torn ? ", torn" : "",
        arguments.sick ? ", sick" : "",
        failed,
        seconds
    );
    const bool store = judge_store(arguments, rounds);
    const bool lanes = arguments.torn || judge_lanes(arguments);
    return store && lanes && failed == 0 ? 0 : 1;
}

}  // namespace

}  // namespace trunkline::crash

int main(int count, char** values) {
    trunkline::crash::Arguments arguments;
    if (!trunkline::crash::parse(count, values, arguments)) {
        std::fprintf(
            stderr,
            "usage: trunkline-crash-check [--kills N] [--seed S] [--dir FOLDER] [--torn] [--sick]\n"
        );
        return 2;
    }
    namespace fs = std::filesystem;
    const bool own_folder = arguments.folder.empty();
    if (own_folder) {
        auto pattern = (fs::temp_directory_path() / "trunkline-crash-XXXXXX").string();
        if (::mkdtemp(pattern.data()) == nullptr) return 2;
        arguments.folder = pattern;
    } else {
        fs::create_directories(arguments.folder);
        if (!fs::is_empty(arguments.folder)) {
            std::fprintf(stderr, "%s is not empty\n", arguments.folder.c_str());
            return 2;
        }
    }
    const auto result = trunkline::crash::check(arguments);
    if (own_folder && result == 0) fs::remove_all(arguments.folder);
    if (result != 0) std::printf("left for a look: %s\n", arguments.folder.c_str());
    return result;
}
