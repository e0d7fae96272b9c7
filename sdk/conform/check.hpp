#pragma once

#include <algorithm>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <map>
#include <optional>
#include <random>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <trunkline/testing.hpp>

#include "elf.hpp"

/// What is checked, and how a check speaks. A check is one function; it runs in a child of its own,
/// so it may crash, hang and leave things lying about.
namespace trunkline::conform {

using testing::Golden;

/// Everything the checks need to know; made once, read by all of them.
struct Subject {
    std::filesystem::path path;        ///< the connector's file
    std::string image;                 ///< its bytes
    Elf elf;                           ///< what they say
    std::vector<Golden> cases;         ///< golden cases, or a recording
    bool has_expectations = false;     ///< some case says what should come out
    std::optional<std::string> other;  ///< --against: the bytes of another version
    std::vector<std::string> changed;  ///< cases that CHANGES.golden lets differ
    std::vector<std::string> allow_imports, allow_needed;  ///< from conform.json
    std::filesystem::path work;                            ///< a private folder, removed at the end
    std::vector<std::string> arguments;                    ///< of this program, for a fresh process
    std::optional<double> fuzz_seconds;                    ///< absent: a fixed number of tries
    bool in_process = false;                               ///< for a debugger
};

enum class Severity { error, warning };

/// What a check came to.
enum class Verdict { passed, failed, skipped, not_applicable };

/// A running check. Faults are bounded: a broken connector has a thousand of them.
class Trial {
public:
    Trial(const Subject& subject, std::uint64_t seed, bool once, std::span<char> place)
        : subject_{&subject}, seed_{seed}, once_{once}, place_{place}, random_{seed} {}

    const Subject& subject() const noexcept { return *subject_; }
    std::uint64_t seed() const noexcept { return seed_; }
    /// --reproduce: only what this very seed draws.
    bool once() const noexcept { return once_; }
    std::mt19937_64& random() noexcept { return random_; }
    /// A number below `bound`.
    std::size_t draw(std::size_t bound) {
        return bound < 2 ? 0 : static_cast<std::size_t>(random_() % bound);
    }

    void fail(std::string why) {
        ++failed_;
        if (faults.size() < kFaultsMax) faults.push_back(std::move(why));
    }
    /// False is a fault.
    bool expect(bool holds, std::string_view why) {
        if (!holds) fail(std::string{why});
        return holds;
    }
    bool failed() const noexcept { return failed_ > 0; }
    std::size_t failures() const noexcept { return failed_; }

    /// A figure worth reading, whatever the verdict.
    void figure(std::string name, double value) { figures.emplace(std::move(name), value); }

    /// This check has nothing to look at here, and why.
    void not_applicable(std::string why) { inapplicable = std::move(why); }

    /// Where the check is; survives a crash of the child and is told with it.
    void at(std::string_view where) noexcept {
        if (place_.empty()) return;
        const std::size_t size = std::min(where.size(), place_.size() - 1);
        std::copy_n(where.begin(), size, place_.begin());
        place_[size] = '\0';
    }
    std::string_view where() const noexcept { return place_.data(); }

    std::vector<std::string> faults;
    std::map<std::string, double> figures;
    std::string inapplicable;

private:
    static constexpr std::size_t kFaultsMax = 12;

    const Subject* subject_;
    std::uint64_t seed_;
    bool once_;
    std::span<char> place_;
    std::mt19937_64 random_;
    std::size_t failed_ = 0;
};

struct Check {
    std::string_view id;    ///< group.name, stable for ever
    std::string_view rule;  ///< what must hold and why, in one sentence
    void (*run)(Trial&);
    Severity severity = Severity::error;
    int seconds = 10;  ///< of processor time; six times as long on the clock
};

/// The groups, in the order of a report. A further group is one file and one line here.
std::span<const Check> binary_checks();
std::span<const Check> unload_checks();
std::span<const Check> negotiation_checks();
std::span<const Check> lifecycle_checks();
std::span<const Check> manifest_checks();
std::span<const Check> contract_checks();
std::span<const Check> threads_checks();
std::span<const Check> determinism_checks();
std::span<const Check> state_checks();
std::span<const Check> duplicates_checks();
std::span<const Check> failures_checks();
std::span<const Check> robustness_checks();
std::span<const Check> privacy_checks();
std::span<const Check> cost_checks();
std::span<const Check> upgrade_checks();

/// All of them.
const std::vector<Check>& all_checks();

}  // namespace trunkline::conform
