#include "runs.hpp"

#include <algorithm>
#include <array>
#include <stdexcept>

namespace trunkline::conform {

namespace json = boost::json;

void feed(TestHost& host, const std::vector<Input>& inputs, std::size_t batch) {
    for (std::size_t i = 0; i < inputs.size(); i += batch) {
        const auto first = inputs.begin() + static_cast<std::ptrdiff_t>(i);
        const auto size = static_cast<std::ptrdiff_t>(std::min(batch, inputs.size() - i));
        host.feed(std::vector<Input>{first, first + size});
    }
}

Run result_of(const TestHost& host) {
    Run run;
    run.transcript = host.transcript();
    run.effects = host.effects();
    run.statuses = host.statuses();
    run.refusals = host.refusals();
    run.faults = host.faults();
    run.log = host.log();
    return run;
}

Run run_in(const tl_plugin& plugin, const Golden& golden, const RunOptions& options) {
    TestHost host{plugin, golden.account, options.behaviour};
    if (host.created() != TL_OK) {
        throw std::runtime_error{
            "case " + golden.name() + ": its account is refused with " + name_of(host.created()) +
            (host.log().empty() ? "" : ": " + shortened(host.log().back()))};
    }
    if (options.batch > 1) {
        feed(host, golden.inputs, options.batch);
        return result_of(host);
    }
    for (std::size_t i = 0; i <= golden.inputs.size(); ++i) {
        if (options.reload_before == i) host.reload();
        if (options.lose_state_before == i) host.reload_without_state();
        if (host.created() != TL_OK) break;
        if (options.save_before_each && i > 0) (void)host.save();
        if (i < golden.inputs.size()) host.feed(golden.inputs[i]);
    }
    Run run = result_of(host);
    if (options.save_at_end && host.created() == TL_OK) run.state = host.save();
    return run;
}

Run run_fresh(Trial& trial, const Golden& golden, const RunOptions& options) {
    const Library library{trial.subject()};
    return run_in(library.plugin(), golden, options);
}

std::vector<Input> shifted(const std::vector<Input>& inputs, std::uint64_t by) {
    std::vector<Input> others = inputs;
    for (Input& each : others) {
        each.task += by;
        if (each.at_ms == 0) each.at_ms = kClockMs;
    }
    return others;
}

bool starts(const Input& input) noexcept {
    return input.kind >= TL_IN_WEBHOOK && input.kind <= TL_IN_DISCONNECT;
}

std::string difference(
    const std::vector<std::string>& expected, const std::vector<std::string>& got
) {
    const std::size_t common = std::min(expected.size(), got.size());
    for (std::size_t i = 0; i <= common; ++i) {
        if (i < common && expected[i] == got[i]) continue;
        if (i == expected.size() && i == got.size()) return {};
        const auto line = [i](const std::vector<std::string>& from) {
            return i < from.size() ? shortened(from[i], 600) : std::string{"nothing more"};
        };
        return "line " + std::to_string(i + 1) + "\n    expected " + line(expected) +
               "\n    got      " + line(got);
    }
    return {};
}

std::vector<std::string> effects_of_task(const std::vector<Effect>& effects, std::uint64_t task) {
    std::vector<std::string> lines;
    for (Effect effect : effects) {
        if (effect.task != task) continue;
        effect.input = 0;
        effect.task = 0;
        lines.push_back(effect.text());
    }
    return lines;
}

std::vector<std::string> dedup_keys(const std::vector<Effect>& effects) {
    std::vector<std::string> keys;
    for (const Effect& effect : effects) {
        if (effect.kind == "item") keys.push_back(effect.string("dedup"));
    }
    return keys;
}

std::string name_of(tl_status status) {
    static constexpr std::array<std::string_view, 9> kNames{
        "OK",
        "INTERNAL",
        "NO_MEMORY",
        "BAD_CONFIG",
        "BAD_STATE",
        "BAD_INPUT",
        "UNSUPPORTED",
        "LIMIT",
        "FORGED"};
    if (status <= TL_OK && status >= TL_E_FORGED)
        return std::string{kNames[static_cast<std::size_t>(-status)]};
    return "status " + std::to_string(status) + ", which the border does not know";
}

bool blames_connector(tl_status status) noexcept {
    return status == TL_E_INTERNAL || status == TL_E_NO_MEMORY || status > TL_OK ||
           status < TL_E_FORGED;
}

bool blames_anew(
    const std::vector<tl_status>& usual, std::size_t input, tl_status status
) noexcept {
    const bool as_usual = input < usual.size() && blames_connector(usual[input]);
    return blames_connector(status) && !as_usual;
}

std::string shortened(std::string_view text, std::size_t bytes) {
    std::string cut{text.substr(0, bytes)};
    std::ranges::replace_if(
        cut, [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7F; }, '?'
    );
    if (text.size() > bytes) cut += "...";
    return repaired_utf8(cut);
}

void for_each_case(Trial& trial, const std::function<void(const Golden&)>& check) {
    if (trial.subject().cases.empty()) {
        trial.not_applicable("there are no golden cases");
        return;
    }
    for (const Golden& golden : trial.subject().cases) {
        trial.at("case " + golden.name());
        try {
            check(golden);
        } catch (const std::exception& error) {
            trial.fail("case " + golden.name() + ": " + error.what());
        }
    }
}

}  // namespace trunkline::conform
