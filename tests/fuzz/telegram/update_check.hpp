#pragma once

#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <string_view>

#include <trunkline/text.hpp>

#include "errors.hpp"
#include "json_read.hpp"
#include "repair.hpp"
#include "to_platform.hpp"
#include "to_universal.hpp"

/// What must hold for any bytes whatever, shared by the fuzzer and by the unit test over its seeds.
namespace trunkline::telegram {

inline void demand(bool truth, const char* what) {
    if (truth) return;
    std::fprintf(stderr, "broken: %s\n", what);
    std::abort();
}

inline void check_spans(const json::object& message) {
    const auto* spans = array_at(message, "spans");
    if (spans == nullptr) return;
    const auto points =
        static_cast<std::int64_t>(text_length(text_at(message, "text")).code_points);
    for (const auto& span : *spans) {
        const auto offset = integer_at(span.as_object(), "offset").value_or(-1);
        const auto length = integer_at(span.as_object(), "length").value_or(-1);
        demand(
            offset >= 0 && length > 0 && offset + length <= points, "a span lies outside its text"
        );
    }
}

/// Bytes as a webhook's body: translated without a throw into items the host can take.
inline void check_update(std::string_view bytes) {
    const auto value = parse(bytes);
    if (!value || !value->is_object()) return;
    const auto translated = to_universal(value->get_object(), 777001);
    demand(translated.items.size() <= 500, "one update became a flood");
    for (const auto& event : translated.items) {
        demand(!event.conversation.empty(), "an item without a conversation");
        demand(!text_at(event.json, "type").empty(), "an item without a type");
        demand(valid_utf8(json::serialize(event.json)), "an item is not UTF-8");
        const auto* message = object_at(event.json, "message");
        if (message != nullptr) check_spans(*message);
    }
}

/// The same bytes as a command: planned, written, and repaired until nothing is left to repair.
inline void check_command(std::string_view bytes) {
    const auto value = parse(bytes);
    if (!value || !value->is_object()) return;
    Place place;
    place.chat = 5550001111;
    auto plan = plan_command(value->get_object(), place);
    for (auto& call : plan.calls) {
        demand(!call.method.empty(), "a call without a method");
        demand(valid_utf8(json::serialize(call.params)), "a call is not UTF-8");
        for (const auto verdict :
             {Verdict::formatting,
              Verdict::reply_missing,
              Verdict::file_address,
              Verdict::voice_forbidden,
              Verdict::caption_only,
              Verdict::migrated}) {
            Answer answer;
            answer.verdict = verdict;
            answer.migrate_to = -1001;
            int repairs = 0;
            while (repair(call, answer))
                demand(++repairs < 4, "a repair that never ends");
        }
    }
}

/// The same bytes as an answer of the Bot API.
inline void check_answer(std::string_view bytes) {
    for (const int status : {0, 200, 302, 400, 403, 429, 500, 502}) {
        const auto answer = read_answer(
            {.status = status, .may_have_arrived = true, .retry_after = "3", .body = bytes}
        );
        demand(answer.delay_ms >= 0 && answer.delay_ms <= 86'400'000, "an absurd pause");
        demand(valid_utf8(answer.text), "a text that is not UTF-8");
    }
}

inline void check_all(std::string_view bytes) {
    check_update(bytes);
    check_command(bytes);
    check_answer(bytes);
}

}  // namespace trunkline::telegram
