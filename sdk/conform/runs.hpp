#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "check.hpp"
#include "crypto.hpp"
#include "library.hpp"

/// Runs of golden cases, and what their results are compared by.
namespace trunkline::conform {

using testing::Account;
using testing::Behaviour;
using testing::Effect;
using testing::Input;

/// The host in memory, with all of trunkline.crypto/1.
class TestHost : public testing::TestHost {
public:
    TestHost(const tl_plugin& plugin, Account account, Behaviour behaviour = {})
        : testing::TestHost{plugin, std::move(account), equipped(std::move(behaviour))} {}

private:
    static Behaviour equipped(Behaviour behaviour) {
        behaviour.crypto = &crypto();
        return behaviour;
    }
};

inline constexpr std::int64_t kClockMs = 1'700'000'000'000;

/// How to run a case. Without anything: one input at a time, in a fresh copy of the library.
struct RunOptions {
    std::size_t batch = 1;
    std::optional<std::size_t> reload_before, lose_state_before;
    bool save_before_each = false, save_at_end = false;
    Behaviour behaviour = {};
};

/// What came of it.
struct Run {
    std::vector<std::string> transcript, faults, log;
    std::vector<Effect> effects;
    std::vector<tl_status> statuses;
    std::vector<testing::Recorder::Refusal> refusals;
    std::string state;  ///< what the instance saved at the end, when asked for
};

/// Runs a case in a library that is loaded already. Throws std::runtime_error when the connector
/// refuses the case's account.
Run run_in(const tl_plugin& plugin, const Golden& golden, const RunOptions& options = {});

/// Runs a case in a copy of its own.
Run run_fresh(Trial& trial, const Golden& golden, const RunOptions& options = {});

/// Feeds inputs in batches.
void feed(TestHost& host, const std::vector<Input>& inputs, std::size_t batch = 1);

Run result_of(const TestHost& host);

/// Inputs with their clock written down and every task's id raised by `by`.
std::vector<Input> shifted(const std::vector<Input>& inputs, std::uint64_t by);

/// True for kinds that start a task.
bool starts(const Input& input) noexcept;

/// "" when equal, else the first difference in words.
std::string difference(
    const std::vector<std::string>& expected, const std::vector<std::string>& got
);

/// What went out for one task, without its place among the others'. The task is called 0.
std::vector<std::string> effects_of_task(const std::vector<Effect>& effects, std::uint64_t task);

/// Dedup keys of everything reported, in order.
std::vector<std::string> dedup_keys(const std::vector<Effect>& effects);

/// "BAD_INPUT"; "status 7" for what the border does not know.
std::string name_of(tl_status status);
/// A status that blames the connector, or that the border does not know.
bool blames_connector(tl_status status) noexcept;
/// The same, but for an input that blames it in `usual` too: a case may show a bug on purpose.
bool blames_anew(const std::vector<tl_status>& usual, std::size_t input, tl_status status) noexcept;

/// A text cut for a report.
std::string shortened(std::string_view text, std::size_t bytes = 240);

/// Calls `check` for every case and says in each fault which it was. A check that has no case to
/// run is not applicable.
void for_each_case(Trial& trial, const std::function<void(const Golden&)>& check);

}  // namespace trunkline::conform
