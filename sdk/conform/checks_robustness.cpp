// Hostile input: whatever comes, a status and nothing worse.
#include <algorithm>
#include <array>
#include <chrono>

#include "check.hpp"
#include "library.hpp"
#include "mutate.hpp"
#include "runs.hpp"

namespace trunkline::conform {
namespace robustness_group {
namespace {

constexpr std::size_t kTries = 3'000;
constexpr std::size_t kDepth = 200'000;
constexpr std::size_t kHeaders = 10'000;

/// A copy of the library under hostile input.
class Hostile {
public:
    explicit Hostile(Trial& trial) : trial_{&trial}, library_{trial.subject()} {}

    /// Feeds a case of which one input was changed, and judges what comes of all of it.
    void survives(const Golden& golden, std::size_t changed, Input input, std::string_view how) {
        const std::vector<tl_status>& usual = usual_statuses(golden);
        TestHost host{library_.plugin(), golden.account};
        if (host.created() != TL_OK) return;
        const std::string where = "case " + golden.name() + ", input " + std::to_string(changed) +
                                  " with " + std::string{how};
        for (std::size_t i = 0; i < golden.inputs.size(); ++i) {
            const tl_status status = host.feed(i == changed ? input : golden.inputs[i]);
            if (blames_anew(usual, i, status))
                trial_->fail(where + ": input " + std::to_string(i) + ": " + name_of(status));
        }
        for (const std::string& fault : host.faults())
            trial_->fail(where + ": " + fault);
    }

private:
    const std::vector<tl_status>& usual_statuses(const Golden& golden) {
        const auto found = usual_.find(&golden);
        if (found != usual_.end()) return found->second;
        TestHost host{library_.plugin(), golden.account};
        if (host.created() == TL_OK) feed(host, golden.inputs);
        return usual_.emplace(&golden, host.statuses()).first->second;
    }

    Trial* trial_;
    Library library_;
    std::map<const Golden*, std::vector<tl_status>> usual_;
};

/// Changes the body of every input of every case that has one.
template <class Change>
void in_every_body(Trial& trial, std::string_view how, Change change) {
    Hostile hostile{trial};
    for_each_case(trial, [&](const Golden& golden) {
        for (std::size_t i = 0; i < golden.inputs.size(); ++i) {
            if (golden.inputs[i].body.empty()) continue;
            Input input = golden.inputs[i];
            input.body = change(input.body);
            if (input.body.empty()) continue;
            trial.at(
                "case " + golden.name() + ", input " + std::to_string(i) + " with " +
                std::string{how}
            );
            hostile.survives(golden, i, std::move(input), how);
        }
    });
}

/// One input, changed in one to three places that `seed` draws.
void one_mutation(Trial& trial, Hostile& hostile, std::uint64_t seed) {
    Random random{seed};
    const auto& cases = trial.subject().cases;
    const Golden& golden = cases[random() % cases.size()];
    const std::size_t index = random() % golden.inputs.size();
    Input input = golden.inputs[index];
    switch (random() % 8) {
        case 0:
            input.key = mutated(input.key, random);
            break;
        case 1:
            input.note = mutated(input.note, random);
            break;
        case 2:
            input.target = mutated(input.target, random);
            if (!input.headers.empty()) {
                Header& header = input.headers[random() % input.headers.size()];
                header.value = mutated(header.value, random);
            }
            break;
        case 3:
            input.status = static_cast<std::int32_t>(random() % 1'000) - 100;
            break;
        default:
            input.body = mutated(input.body, random);
    }
    const std::size_t before = trial.failures();
    trial.at(
        "--reproduce robustness.mutated:" + std::to_string(seed) + " (case " + golden.name() +
        ", input " + std::to_string(index) + ")"
    );
    hostile.survives(golden, index, std::move(input), "one change");
    if (trial.failures() > before)
        trial.fail("that was --reproduce robustness.mutated:" + std::to_string(seed));
}

void mutations(Trial& trial) {
    if (trial.subject().cases.empty()) return trial.not_applicable("there are no golden cases");
    Hostile hostile{trial};
    if (trial.once()) return one_mutation(trial, hostile, trial.seed());
    using Clock = std::chrono::steady_clock;
    const auto& seconds = trial.subject().fuzz_seconds;
    const auto until = Clock::now() + std::chrono::duration_cast<Clock::duration>(
                                          std::chrono::duration<double>(seconds.value_or(0))
                                      );
    std::size_t tries = 0;
    while (seconds ? Clock::now() < until : tries < kTries) {
        if (trial.failed()) break;
        // Small numbers, which are easily typed.
        one_mutation(trial, hostile, trial.random()() % 1'000'000'007U);
        ++tries;
    }
    trial.figure("tries", static_cast<double>(tries));
}

void nesting(Trial& trial) {
    const auto nested = [](std::string_view open) {
        std::string text;
        for (std::size_t i = 0; i < kDepth; ++i)
            text += open;
        return text;
    };
    for (const std::string_view open : {"[", R"({"a":)", R"([{"a":)"}) {
        const std::string deep = nested(open);
        in_every_body(trial, "deep nesting", [&](const std::string&) { return deep; });
        in_every_body(trial, "deep nesting inside", [&](const std::string& body) {
            const std::string marked = with_text(body, "conform-deep");
            const auto at = marked.find("\"conform-deep\"");
            return at == std::string::npos ? std::string{} : marked.substr(0, at) + deep;
        });
    }
}

void text(Trial& trial) {
    for (const std::string_view piece :
         {std::string_view{"\xC0\x80"},
          std::string_view{"\xED\xA0\x80"},
          std::string_view{"\xF4\x90\x80\x80"},
          std::string_view{"\xE2\x82"},
          std::string_view{"a\0b", 3},
          std::string_view{"\\u0000"},
          std::string_view{"\\ud83d"},
          std::string_view{"\xEF\xBF\xBE\xE2\x80\xAE"}}) {
        in_every_body(trial, "bytes that are no text", [&](const std::string& body) {
            return with_text(body, std::string{piece});
        });
    }
    in_every_body(trial, "a zero byte behind it", [](const std::string& body) {
        return body + std::string(1, '\0');
    });
}

void numbers(Trial& trial) {
    for (const std::string_view number :
         {"18446744073709551616",
          "-9223372036854775809",
          "9223372036854775807",
          "1e308",
          "1e99999",
          "-0",
          "0.1",
          "123456789012345678901234567890123456789012345678901234567890"}) {
        in_every_body(trial, "numbers that are no 64-bit ones", [&](const std::string& body) {
            return with_number(body, std::string{number});
        });
    }
    // Valid JSON, and far more digits than anybody keeps.
    const std::string digits(20'000, '7');
    in_every_body(trial, "a number of 20,000 digits", [&](const std::string& body) {
        return with_number(body, digits);
    });
}

void duplicate_keys(Trial& trial) {
    in_every_body(trial, "every member twice", with_doubled_members);
}

void headers(Trial& trial) {
    Hostile hostile{trial};
    for_each_case(trial, [&](const Golden& golden) {
        for (std::size_t i = 0; i < golden.inputs.size(); ++i) {
            Input input = golden.inputs[i];
            if (input.kind != TL_IN_WEBHOOK && input.kind != TL_IN_HTTP_REPLY &&
                input.kind != TL_IN_REPLAY)
                continue;
            for (std::size_t k = 0; k < kHeaders; ++k)
                input.headers.push_back({"x-" + std::to_string(k % 97), std::string(k % 50, 'v')});
            hostile.survives(golden, i, std::move(input), "10,000 headers");
        }
    });
}

void large(Trial& trial) {
    in_every_body(trial, "a text of 1 MiB", [](const std::string& body) {
        return with_long_text(body, 1U << 20U);
    });
    in_every_body(trial, "a list of 1 MiB", [](const std::string& body) {
        return with_long_list(body, 1U << 20U);
    });
    in_every_body(trial, "1 MiB of nothing", [](const std::string&) {
        return std::string(1U << 20U, ' ');
    });
}

constexpr Check kChecks[]{
    {"robustness.mutated",
     "Changed at random, no input is more than a status: not a crash, not INTERNAL, not a task "
     "without an end.",
     mutations,
     Severity::error,
     60},
    {"robustness.nesting",
     "JSON of any depth is refused before the stack ends.",
     nesting,
     Severity::error,
     30},
    {"robustness.text",
     "Bytes that are no UTF-8, and zero bytes, are input like any other.",
     text,
     Severity::error,
     30},
    {"robustness.numbers",
     "Numbers of any size are input like any other.",
     numbers,
     Severity::error,
     30},
    {"robustness.duplicate_keys",
     "A member that comes twice is input like any other.",
     duplicate_keys},
    {"robustness.headers",
     "Ten thousand headers are input like any other.",
     headers,
     Severity::error,
     30},
    {"robustness.large", "A mebibyte is input like any other.", large, Severity::error, 60},
};

}  // namespace
}  // namespace robustness_group

std::span<const Check> robustness_checks() {
    return robustness_group::kChecks;
}

}  // namespace trunkline::conform
