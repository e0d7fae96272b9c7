#include "script.hpp"

#include <algorithm>

namespace trunkline::conform {
namespace {

constexpr int kRoundsMax = 200;
constexpr std::int64_t kAnswerTakesMs = 250;

const Effect* step_effect(
    const std::vector<Effect>& effects, std::uint64_t task, std::uint32_t step
) {
    const auto found =
        std::ranges::find_if(effects.rbegin(), effects.rend(), [&](const Effect& each) {
            return each.task == task && each.step == step;
        });
    return found == effects.rend() ? nullptr : &*found;
}

/// The golden case's own answer to a step.
const Input* own_answer(
    const Golden& golden, std::uint64_t task, std::uint32_t step, tl_input_kind kind
) {
    const auto found = std::ranges::find_if(golden.inputs, [&](const Input& each) {
        return each.task == task && each.step == step && each.kind == kind;
    });
    return found == golden.inputs.end() ? nullptr : &*found;
}

Input answer_to(const Journey& journey, std::uint32_t step, const Answer& answer) {
    Input input = Input::reply(journey.task, step, answer.status, answer.body, answer.headers);
    if (answer.unknown) input.flags |= std::uint32_t{TL_INPUT_UNKNOWN};
    return input;
}

class Traveller {
public:
    Traveller(
        const tl_plugin& plugin, const Journey& journey, std::size_t good, const Answer& answer
    )
        : journey_{journey}, good_{good}, answer_{answer}, host_{plugin, journey.golden->account} {}

    Arrival go() {
        if (host_.created() != TL_OK) return {};
        for (const Input& each : journey_.golden->inputs) {
            if (each.task != journey_.task || !starts(each)) continue;
            hand(each);
            break;
        }
        for (int i = 0; i < kRoundsMax && !arrival_.waits_for_person; ++i) {
            const auto pending = host_.pending(journey_.task);
            if (pending.empty()) break;
            step(pending.front());
        }
        return arrived();
    }

private:
    void hand(Input input) {
        if (input.at_ms == 0) input.at_ms = now_ms_;
        now_ms_ = std::max(now_ms_, input.at_ms) + kAnswerTakesMs;
        arrival_.statuses.push_back(host_.feed(std::move(input)));
    }

    void step(std::uint32_t number) {
        const Effect* const effect = step_effect(host_.effects(), journey_.task, number);
        if (effect == nullptr) return;
        if (effect->kind == "http") return call(number, *effect);
        if (effect->kind == "timer") {
            Input input = Input::timer(journey_.task, number);
            const auto due = number_at(effect->json, "due_ms").value_or(now_ms_);
            input.at_ms = std::max(now_ms_, due);
            return hand(std::move(input));
        }
        if (effect->kind == "get") {
            const Input* const own =
                own_answer(*journey_.golden, journey_.task, number, TL_IN_STORED);
            // What another task would have stored meanwhile does not come from a messenger in
            // trouble.
            const bool there = own != nullptr && arrival_.odd_ms == 0;
            return hand(there ? *own : Input::stored(journey_.task, number, std::nullopt));
        }
        const Input* const own = own_answer(*journey_.golden, journey_.task, number, TL_IN_FORM);
        if (own == nullptr || arrival_.odd_ms != 0)
            arrival_.waits_for_person = true;
        else
            hand(*own);
    }

    void call(std::uint32_t number, const Effect& effect) {
        const Input* const own =
            own_answer(*journey_.golden, journey_.task, number, TL_IN_HTTP_REPLY);
        if (calls_++ < good_ && own != nullptr) return hand(*own);
        if (arrival_.odd_ms == 0) {
            arrival_.odd_ms = now_ms_;
            odd_from_ = effects_of_task_count();
            const auto flags = number_at(effect.json, "flags").value_or(0);
            once_ = (flags & TL_HTTP_ONCE) != 0;
        }
        hand(answer_to(journey_, number, answer_));
    }

    std::size_t effects_of_task_count() const {
        return static_cast<std::size_t>(std::ranges::count_if(
            host_.effects(), [&](const Effect& each) { return each.task == journey_.task; }
        ));
    }

    Arrival arrived() {
        for (const Effect& each : host_.effects()) {
            if (each.task != journey_.task) continue;
            arrival_.effects.push_back(each);
            if (each.kind == "outcome") arrival_.outcome = each;
        }
        arrival_.first_after = std::min(odd_from_, arrival_.effects.size());
        if (once_ && odd_from_ > 0) arrival_.once = odd_from_ - 1;
        arrival_.ended = !host_.open(journey_.task);
        arrival_.faults = host_.faults();
        return std::move(arrival_);
    }

    const Journey& journey_;
    std::size_t good_;
    const Answer& answer_;
    TestHost host_;
    Arrival arrival_;
    std::int64_t now_ms_ = kClockMs;
    std::size_t calls_ = 0, odd_from_ = 0;
    bool once_ = false;
};

}  // namespace

const std::vector<Answer>& answers() {
    static const std::vector<Answer> kAnswers{
        {"200 with garbage", 200, {}, "<html>\xff no answer of the API"},
        {"200 with nothing", 200},
        {"200 with another JSON", 200, {}, R"([{"ok":1},null,7])"},
        {"202 with nothing", 202},
        {"204", 204},
        {"301", 301, {{"location", "https://elsewhere.example/"}}},
        {"400", 400},
        {"400 with garbage", 400, {}, std::string("\0\x01\xfe", 3)},
        {"401", 401},
        {"403", 403},
        {"404", 404},
        {"409", 409},
        {"413", 413},
        {"429 with Retry-After", 429, {{"retry-after", "7"}}},
        {"429", 429},
        {"500", 500},
        {"502", 502, {}, "<html>bad gateway</html>"},
        {"503 with Retry-After", 503, {{"retry-after", "9"}}},
        {"504", 504},
        {"no connection", 0},
        {"a lost answer", 0, {}, {}, true}};
    return kAnswers;
}

std::string Journey::name() const {
    return "case " + golden->name() + ", task " + std::to_string(task);
}

std::vector<Journey> journeys(Trial& trial) {
    std::vector<Journey> all;
    for_each_case(trial, [&](const Golden& golden) {
        for (const Input& input : golden.inputs) {
            if (!starts(input)) continue;
            Journey journey{&golden, input.task, input.kind, 0, {}};
            journey.calls = static_cast<std::size_t>(std::ranges::count_if(
                golden.inputs,
                [&](const Input& each) {
                    return each.task == input.task && each.kind == TL_IN_HTTP_REPLY;
                }
            ));
            if (journey.calls == 0) continue;
            if (input.kind == TL_IN_COMMAND) {
                const auto command = parsed(input.body);
                if (command) journey.command_type = text_at(*command, "type");
            }
            all.push_back(std::move(journey));
        }
    });
    if (all.empty() && trial.inapplicable.empty())
        trial.not_applicable("no golden case makes a call and gets an answer");
    return all;
}

Arrival travel(
    const tl_plugin& plugin, const Journey& journey, std::size_t good, const Answer& answer
) {
    return Traveller{plugin, journey, good, answer}.go();
}

}  // namespace trunkline::conform
