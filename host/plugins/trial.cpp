#include "host/plugins/trial.hpp"

#include <algorithm>
#include <array>
#include <cerrno>
#include <map>
#include <string_view>

#include <boost/json.hpp>
#include <poll.h>
#include <unistd.h>

#include "host/plugins/child.hpp"

namespace trunkline::plugins {
namespace {

namespace json = boost::json;
using Clock = std::chrono::steady_clock;

constexpr std::chrono::milliseconds kLook{200};  // at whether anybody still wants it
constexpr std::size_t kLineMax = 400;

/// What a connector says, for a log and an operator's terminal: one line, bounded.
std::string clean(std::string text) {
    text.resize(std::min(text.size(), kLineMax));
    std::ranges::replace_if(
        text, [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7F; }, ' '
    );
    std::ranges::replace(text, '"', '\'');
    return text;
}

std::string text_at(const json::object& from, std::string_view key) {
    const auto* value = from.if_contains(key);
    return value != nullptr && value->is_string() ? std::string{value->get_string()} : "";
}

std::vector<std::string> texts_at(const json::object& from, std::string_view key) {
    std::vector<std::string> out;
    const auto* value = from.if_contains(key);
    if (value == nullptr || !value->is_array()) return out;
    for (const json::value& each : value->get_array()) {
        if (each.is_string()) out.emplace_back(each.get_string());
    }
    return out;
}

CaseResult case_of(const json::object& line) {
    CaseResult result;
    result.name = text_at(line, "case");
    result.said = clean(text_at(line, "said"));
    result.transcript = texts_at(line, "transcript");
    result.faults = texts_at(line, "faults");
    if (const auto* created = line.if_contains("created");
        created != nullptr && created->is_int64())
        result.created = static_cast<int>(created->get_int64());
    if (const auto* statuses = line.if_contains("statuses");
        statuses != nullptr && statuses->is_array()) {
        for (const json::value& status : statuses->get_array())
            result.statuses.push_back(
                status.is_int64() ? static_cast<int>(status.get_int64()) : -1
            );
    }
    return result;
}

/// Reads the child's report as it comes, and knows how long what it is doing may take.
class Report {
public:
    Report(const TrialOptions& options, int from) : options_{options}, from_{from} {
        until_ = Clock::now() + options.load;
        end_ = Clock::now() + options.all;
    }

    /// Reads to its end, or until there is a reason to stop.
    TrialResult read() {
        while (!ended_ && !result_.failure) {
            pollfd wanted{from_, POLLIN, 0};
            const auto left =
                std::chrono::ceil<std::chrono::milliseconds>(std::min(until_, end_) - Clock::now());
            if (options_.unwanted != nullptr && options_.unwanted->load()) {
                result_.failure = "broken off in " + phase_;
                break;
            }
            const int ready =
                left.count() <= 0
                    ? 0
                    : ::poll(&wanted, 1, static_cast<int>(std::min(left, kLook).count()));
            if (ready < 0 && errno == EINTR) continue;
            if (ready == 0 && left > kLook) continue;
            if (ready <= 0) {
                result_.failure = (until_ < end_ ? "stuck in " : "not done in time: in ") + phase_;
                break;
            }
            std::array<char, 65'536> piece;
            const ssize_t got = ::read(from_, piece.data(), piece.size());
            if (got < 0 && errno == EINTR) continue;
            if (got <= 0) break;
            take({piece.data(), static_cast<std::size_t>(got)});
        }
        return std::move(result_);
    }

    bool done() const noexcept { return done_; }
    const std::string& phase() const noexcept { return phase_; }

private:
    void take(std::string_view piece) {
        bytes_ += piece.size();
        if (bytes_ > options_.report_bytes_max) {
            result_.failure = "its trial reports more than " +
                              std::to_string(options_.report_bytes_max) + " bytes";
            return;
        }
        line_ += piece;
        std::size_t from = 0;
        for (std::size_t end = line_.find('\n'); end != std::string::npos && !ended_;
             end = line_.find('\n', from)) {
            take_line(std::string_view{line_}.substr(from, end - from));
            from = end + 1;
        }
        line_.erase(0, from);
    }

    void take_line(std::string_view line) {
        json::error_code bad;
        const json::value read = json::parse({line.data(), line.size()}, bad);
        const auto* object = bad ? nullptr : read.if_object();
        if (object == nullptr) {
            result_.failure = "its trial reports what is no JSON";
            return;
        }
        if (object->contains("phase")) {
            phase_ = clean(text_at(*object, "phase"));
            until_ = Clock::now() + time_for(phase_);
        } else if (object->contains("error")) {
            result_.failure = clean(text_at(*object, "error"));
            ended_ = true;
        } else if (object->contains("case")) {
            result_.cases.push_back(case_of(*object));
        } else if (object->contains("done")) {
            done_ = ended_ = true;
        }
    }

    std::chrono::milliseconds time_for(std::string_view phase) const {
        if (phase.starts_with("case ")) return options_.each_case;
        return phase == "its self-check" ? options_.self_check : options_.load;
    }

    const TrialOptions& options_;
    int from_;
    Clock::time_point until_;  ///< of the phase
    Clock::time_point end_;    ///< of all
    std::string phase_ = "the start of its trial";
    std::string line_;
    std::size_t bytes_ = 0;
    bool ended_ = false;
    bool done_ = false;
    TrialResult result_;
};

/// "effect 3 is {...}, not {...}": short enough for one line of a log.
std::string difference(
    const std::vector<std::string>& expected, const std::vector<std::string>& got
) {
    constexpr std::size_t kShown = 160;
    const auto shown = [](const std::vector<std::string>& lines, std::size_t i) {
        return i < lines.size() ? lines[i].substr(0, kShown) : std::string{"nothing"};
    };
    std::size_t i = 0;
    while (i < expected.size() && i < got.size() && expected[i] == got[i])
        ++i;
    return "effect " + std::to_string(i + 1) + " is " + shown(got, i) + ", not " +
           shown(expected, i);
}

}  // namespace

TrialResult run_trial(
    const TrialOptions& options, const std::string& library, const std::string& cases
) {
    const auto failed = [](const Error& error) {
        return TrialResult{.failure = "its trial cannot be run: " + error.context, .cases = {}};
    };
    auto input = memory_file("trunkline-cases", cases);
    if (!input) return failed(input.error());
    std::array<int, 2> ends{};
    if (::pipe2(ends.data(), O_CLOEXEC) != 0)
        return failed(Error{Fault::storage, "no pipe to be had"});
    process::Descriptor reading{ends[0]};
    process::Descriptor writing{ends[1]};
    auto child = Child::start({options.runner, "try", library}, {input->get(), writing.get()});
    if (!child) return failed(child.error());
    writing.close();
    Report report{options, reading.get()};
    TrialResult result = report.read();
    const std::string how = child->end();
    if (!result.failure && !report.done()) result.failure = how + " in " + report.phase();
    // The private copy's path means nothing to an operator.
    for (const std::string path = library + ": "; result.failure;) {
        const auto at = result.failure->find(path);
        if (at == std::string::npos) break;
        result.failure->erase(at, path.size());
    }
    return result;
}

std::optional<std::string> judge_golden(const std::string& cases, const TrialResult& result) {
    std::map<std::string, std::vector<std::string>> expected;
    std::vector<std::string>* at = nullptr;
    std::string_view rest{cases};
    while (!rest.empty()) {
        const std::string_view line = rest.substr(0, rest.find('\n'));
        rest.remove_prefix(std::min(line.size() + 1, rest.size()));
        json::error_code bad;
        const json::value read = json::parse({line.data(), line.size()}, bad);
        const auto* object = bad ? nullptr : read.if_object();
        if (object == nullptr) continue;
        if (object->contains("case"))
            at = &expected[text_at(*object, "case")];
        else if (const auto* out = object->if_contains("out"); out != nullptr && at != nullptr)
            at->push_back(json::serialize(*out));
    }
    for (const CaseResult& each : result.cases) {
        if (!each.faults.empty()) return "case " + each.name + ": " + each.faults.front();
        const auto wanted = expected.find(each.name);
        if (wanted == expected.end() || wanted->second.empty()) continue;
        if (each.created != 0)
            return "case " + each.name + ": create answers " + std::to_string(each.created) +
                   (each.said.empty() ? "" : ": " + each.said);
        if (each.transcript != wanted->second)
            return "case " + each.name + ": " + difference(wanted->second, each.transcript);
    }
    return std::nullopt;
}

}  // namespace trunkline::plugins
