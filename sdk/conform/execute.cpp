#include "execute.hpp"

#include <cerrno>
#include <chrono>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <stdexcept>

#include <fcntl.h>
#include <poll.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <trunkline/json.hpp>
#include <unistd.h>

#include "runs.hpp"

namespace trunkline::conform {
namespace {

using Clock = std::chrono::steady_clock;

constexpr std::size_t kPlaceBytes = 512;
constexpr std::size_t kReportBytesMax = 16U << 20U;
constexpr int kClockPerProcessor = 6;  // a busy machine is slow; a check that waits is stopped

/// Memory that a child writes and its parent reads, also when the child has died.
class SharedText {
public:
    SharedText() {
        void* const place =
            mmap(nullptr, kPlaceBytes, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
        if (place == MAP_FAILED) throw std::runtime_error{"no memory"};
        text_ = static_cast<char*>(place);
    }
    SharedText(const SharedText&) = delete;
    SharedText& operator=(const SharedText&) = delete;
    ~SharedText() { munmap(text_, kPlaceBytes); }

    std::span<char> place() const noexcept { return {text_, kPlaceBytes}; }

private:
    char* text_;
};

/// What a child said and how it ended.
struct Ended {
    std::string said;
    std::string died;    ///< "" = it ended by itself
    std::string errors;  ///< the end of what it wrote to stderr
};

void limit(int resource, rlim_t value) {
    const rlimit both{value, value};
    setrlimit(static_cast<__rlimit_resource>(resource), &both);
}

/// Becomes the child: its own group, its limits, its output out of the way.
void settle(int errors, int seconds) {
    setpgid(0, 0);
    limit(RLIMIT_CPU, static_cast<rlim_t>(seconds));
    limit(RLIMIT_CORE, 0);
    const int nowhere = open("/dev/null", O_RDWR | O_CLOEXEC);
    dup2(nowhere, STDIN_FILENO);
    dup2(nowhere, STDOUT_FILENO);
    dup2(errors, STDERR_FILENO);
}

void write_all(int to, std::string_view text) {
    while (!text.empty()) {
        const ssize_t wrote = write(to, text.data(), text.size());
        if (wrote < 0 && errno == EINTR) continue;
        if (wrote <= 0) return;
        text.remove_prefix(static_cast<std::size_t>(wrote));
    }
}

/// Reads until the child closes its end; false when that takes too long.
bool read_all(int from, Clock::time_point until, std::string& text) {
    for (;;) {
        const auto left =
            std::chrono::duration_cast<std::chrono::milliseconds>(until - Clock::now()).count();
        if (left <= 0) return false;
        pollfd readable{from, POLLIN, 0};
        const int ready = poll(&readable, 1, static_cast<int>(std::min<long>(left, 60'000)));
        if (ready < 0 && errno != EINTR) return true;
        if (ready <= 0) continue;
        char piece[65536];
        const ssize_t got = read(from, piece, sizeof piece);
        if (got < 0 && errno == EINTR) continue;
        if (got <= 0) return true;
        if (text.size() < kReportBytesMax) text.append(piece, static_cast<std::size_t>(got));
    }
}

std::string end_of(int file) {
    constexpr off_t kTail = 1500;
    const off_t size = lseek(file, 0, SEEK_END);
    std::string text(static_cast<std::size_t>(std::min(size, kTail)), '\0');
    const ssize_t got = pread(file, text.data(), text.size(), std::max<off_t>(0, size - kTail));
    text.resize(got < 0 ? 0 : static_cast<std::size_t>(got));
    return text;
}

std::string how_it_died(int status, bool in_time, int seconds) {
    if (!in_time)
        return "it did not come to an end within " + std::to_string(seconds * kClockPerProcessor) +
               " s";
    if (WIFSIGNALED(status) && (WTERMSIG(status) == SIGXCPU || WTERMSIG(status) == SIGKILL))
        return "it used more than " + std::to_string(seconds) + " s of processor time";
    if (WIFSIGNALED(status))
        return std::string{"it was killed by signal "} + std::to_string(WTERMSIG(status)) + " (" +
               sigabbrev_np(WTERMSIG(status)) + ")";
    if (WEXITSTATUS(status) != 0)
        return "it ended the process with status " + std::to_string(WEXITSTATUS(status));
    return {};
}

Ended run_child(const std::function<std::string()>& work, int seconds) {
    int ends[2];
    if (pipe2(ends, O_CLOEXEC) != 0) throw std::runtime_error{"no pipe"};
    const int errors = memfd_create("stderr", MFD_CLOEXEC);
    std::fflush(nullptr);
    const pid_t child = fork();
    if (child < 0) throw std::runtime_error{"no process"};
    if (child == 0) {
        close(ends[0]);
        settle(errors, seconds);
        write_all(ends[1], work());
        // No destructors: what is checked is the connector's leave-taking, not ours.
        _exit(0);
    }
    close(ends[1]);
    Ended ended;
    const auto until = Clock::now() + std::chrono::seconds{seconds * kClockPerProcessor};
    const bool in_time = read_all(ends[0], until, ended.said);
    close(ends[0]);
    if (!in_time) kill(-child, SIGKILL);
    int status = 0;
    while (waitpid(child, &status, 0) < 0 && errno == EINTR) {
    }
    kill(-child, SIGKILL);  // whatever it left behind
    ended.died = how_it_died(status, in_time, seconds);
    ended.errors = end_of(errors);
    close(errors);
    return ended;
}

std::string written(const Trial& trial) {
    json::array faults;
    for (const std::string& each : trial.faults)
        faults.emplace_back(repaired_utf8(each));
    json::object figures;
    for (const auto& [name, value] : trial.figures)
        figures[name] = value;
    return json::serialize(json::object{
        {"faults", std::move(faults)},
        {"failures", trial.failures()},
        {"figures", std::move(figures)},
        {"inapplicable", trial.inapplicable}});
}

void run_guarded(const Check& check, Trial& trial) {
    try {
        check.run(trial);
    } catch (const std::exception& error) {
        trial.fail(error.what());
    }
}

void read_back(const json::value& report, Result& result) {
    for (const json::value& fault : list_at(report, "faults"))
        result.faults.emplace_back(fault.get_string());
    if (const auto* figures = object_at(report, "figures")) {
        for (const auto& [name, value] : *figures)
            result.figures.emplace(name, value.to_number<double>());
    }
    const auto failures = static_cast<std::size_t>(number_at(report, "failures").value_or(0));
    if (failures > result.faults.size()) {
        result.faults.push_back(
            "and " + std::to_string(failures - result.faults.size()) + " more of the kind"
        );
    }
    result.remark = text_at(report, "inapplicable");
}

}  // namespace

std::string in_child(const std::function<std::string()>& work, int seconds) {
    Ended ended = run_child(work, seconds);
    if (!ended.died.empty()) {
        const std::string words = shortened(ended.errors, 1500);
        throw std::runtime_error{ended.died + (words.empty() ? "" : "; stderr: " + words)};
    }
    return std::move(ended.said);
}

Result execute(const Check& check, const Subject& subject, std::uint64_t seed, bool once) {
    const auto begun = Clock::now();
    Result result;
    result.check = &check;
    result.seed = seed;
    const SharedText place;
    if (subject.in_process) {
        Trial trial{subject, seed, once, place.place()};
        run_guarded(check, trial);
        read_back(parsed(written(trial)).value_or(nullptr), result);
    } else {
        const int extra = subject.fuzz_seconds ? static_cast<int>(*subject.fuzz_seconds) : 0;
        const Ended ended = run_child(
            [&] {
                Trial trial{subject, seed, once, place.place()};
                run_guarded(check, trial);
                return written(trial);
            },
            check.seconds + extra
        );
        if (const auto report = parsed(ended.said)) read_back(*report, result);
        if (!ended.died.empty() || ended.said.empty()) {
            std::string fault = ended.died.empty() ? "it ended the process" : ended.died;
            if (place.place().front() != '\0') fault += " at " + std::string{place.place().data()};
            if (!ended.errors.empty()) fault += "; stderr: " + shortened(ended.errors, 1500);
            result.faults.push_back(std::move(fault));
        }
    }
    if (!result.faults.empty())
        result.verdict = Verdict::failed;
    else if (!result.remark.empty())
        result.verdict = Verdict::not_applicable;
    result.seconds = std::chrono::duration<double>(Clock::now() - begun).count();
    return result;
}

}  // namespace trunkline::conform
