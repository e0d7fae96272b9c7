#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <trunkline/abi.h>
#include <trunkline/json.hpp>
#include <trunkline/testing/input.hpp>
#include <trunkline/text.hpp>

namespace trunkline::inline face::testing {

/// One effect as a comparable value. `json` holds everything the connector asked for.
struct Effect {
    std::size_t input = 0;  ///< index of the input it was asked for in
    std::string kind;       ///< name of the function in tl_effects
    std::uint64_t task = 0;
    std::uint32_t step = 0;  ///< 0 for effects without one
    json::object json;

    /// Canonical text: one line of JSON.
    std::string text() const {
        json::object line{{"input", input}, {"effect", kind}, {"task", task}};
        if (step != 0) line["step"] = step;
        for (const auto& [key, value] : json)
            line[key] = value;
        return json::serialize(line);
    }
    std::string string(std::string_view key) const { return std::string{text_at(json, key)}; }
};

/// The effects table of the test host. Refuses what every host refuses, records the rest, and
/// keeps of each task what the contract is about.
class Recorder {
public:
    struct TaskState {
        std::uint32_t kind = 0, steps = 0;
        std::set<std::uint32_t> pending;
        bool answered = false, ended = false;
    };

    /// `current` tells the index of the input being handled; asked before each effect.
    explicit Recorder(std::function<std::size_t()> current) : current_{std::move(current)} {
        table_.size = sizeof(tl_effects);
        table_.ctx = this;
        set_waiting();
        set_reporting();
        set_ending();
    }
    Recorder(const Recorder&) = delete;
    Recorder& operator=(const Recorder&) = delete;

    const tl_effects& table() const noexcept { return table_; }

    std::vector<Effect> effects;
    std::map<std::uint64_t, TaskState> tasks;
    std::optional<std::size_t> refuse_at;  ///< the effect with this index is refused with LIMIT
    bool refused = false;
    std::function<void()> in_effect;  ///< called inside of each effect, before it is judged

    /// An effect that every host refuses: malformed, out of turn, or for a task that is not open.
    struct Refusal {
        std::size_t input = 0;
        std::string kind;
        std::uint64_t task = 0;
        tl_status status = TL_OK;
    };
    std::vector<Refusal> refusals;

private:
    static Recorder& self(void* ctx) noexcept { return *static_cast<Recorder*>(ctx); }

    /// Bytes as text where they are text, else in hexadecimal.
    static json::value bytes(tl_view of) {
        if (valid_utf8(view(of))) return json::value(view(of));
        return {{"hex", hex_of(view(of))}};
    }

    static json::array pairs(const tl_pair* pairs, std::uint32_t count) {
        json::array list;
        for (std::uint32_t i = 0; i < count; ++i) {
            list.push_back(json::array{view(pairs[i].name), view(pairs[i].value)});
        }
        return list;
    }

    static json::object describe(const tl_http& http) {
        json::object json{{"method", view(http.method)}, {"url", view(http.url)}};
        if (http.flags != 0) json["flags"] = http.flags;
        if (http.header_count > 0) json["headers"] = pairs(http.headers, http.header_count);
        if (http.body.size > 0) json["body"] = bytes(http.body);
        if (http.timeout_ms != 0) json["timeout_ms"] = http.timeout_ms;
        if (http.reply_max != 0) json["reply_max"] = http.reply_max;
        if (http.bucket.size > 0) json["bucket"] = view(http.bucket);
        json::array parts;
        for (std::uint32_t i = 0; i < http.part_count; ++i) {
            const tl_part& part = http.parts[i];
            json::object one{{"name", view(part.name)}};
            if (part.filename.size > 0) one["filename"] = view(part.filename);
            if (part.mime.size > 0) one["mime"] = view(part.mime);
            if (part.file.size > 0) one["file"] = view(part.file);
            if (part.bytes.size > 0) one["bytes"] = bytes(part.bytes);
            if (part.flags != 0) one["flags"] = part.flags;
            parts.push_back(std::move(one));
        }
        if (!parts.empty()) json["parts"] = std::move(parts);
        return json;
    }

    static tl_status sound(const tl_http& http) {
        const std::string_view url = view(http.url);
        if (http.header_count > TL_MAX_PAIRS || http.part_count > TL_MAX_PARTS) return TL_E_LIMIT;
        if (http.reply_max > TL_MAX_REPLY || http.body.size > TL_MAX_REQUEST) return TL_E_LIMIT;
        if (http.timeout_ms < 0) return TL_E_BAD_INPUT;
        if (http.timeout_ms > std::int64_t{TL_MAX_TIMEOUT}) return TL_E_LIMIT;
        if (!url.starts_with("https://") && !url.starts_with("http://")) return TL_E_BAD_INPUT;
        for (std::uint32_t i = 0; i < http.part_count; ++i) {
            if ((http.parts[i].file.size > 0) && (http.parts[i].bytes.size > 0))
                return TL_E_BAD_INPUT;
        }
        return TL_OK;
    }

    static tl_status sound_json(tl_view text, std::uint64_t size_max) {
        if (text.size > size_max) return TL_E_LIMIT;
        return parsed(view(text)) ? TL_OK : TL_E_BAD_INPUT;
    }

    /// Records unless the task is closed, or it is this effect's turn to be refused.
    tl_status record(
        std::uint64_t task,
        std::string_view kind,
        tl_status sound,
        json::object json,
        std::uint32_t step = 0
    ) {
        const std::size_t input = current_();
        if (in_effect) in_effect();
        const auto found = tasks.find(task);
        const auto refuse = [&](tl_status status) {
            refusals.push_back({input, std::string{kind}, task, status});
            return status;
        };
        if (found == tasks.end() || found->second.ended) return refuse(TL_E_BAD_STATE);
        if (refuse_at == effects.size() && !std::exchange(refused, true)) return TL_E_LIMIT;
        if (sound != TL_OK) return refuse(sound);
        if (step != 0) {
            if (step != found->second.steps + 1) return refuse(TL_E_BAD_INPUT);
            if (step > TL_MAX_STEPS) return TL_E_LIMIT;
            found->second.steps = step;
            found->second.pending.insert(step);
        }
        effects.push_back({input, std::string{kind}, task, step, std::move(json)});
        return TL_OK;
    }

    void set_waiting();
    void set_reporting();
    void set_ending();

    std::function<std::size_t()> current_;
    tl_effects table_{};
};

inline void Recorder::set_waiting() {
    table_.http = [](void* ctx, std::uint64_t task, std::uint32_t step, const tl_http* http
                  ) noexcept {
        return self(ctx).record(task, "http", sound(*http), describe(*http), step);
    };
    table_.timer = [](void* ctx, std::uint64_t task, std::uint32_t step, std::int64_t due_ms
                   ) noexcept {
        return self(ctx).record(task, "timer", TL_OK, {{"due_ms", due_ms}}, step);
    };
    table_.get = [](void* ctx,
                    std::uint64_t task,
                    std::uint32_t step,
                    std::int32_t scope,
                    tl_view key) noexcept {
        const tl_status sound = key.size > TL_MAX_KEY ? TL_E_LIMIT : TL_OK;
        return self(ctx).record(task, "get", sound, {{"scope", scope}, {"key", view(key)}}, step);
    };
    table_.form = [](void* ctx, std::uint64_t task, std::uint32_t step, tl_view json) noexcept {
        const auto form = parsed(view(json));
        return self(ctx).record(
            task, "form", sound_json(json, TL_MAX_VALUE), {{"form", form.value_or(nullptr)}}, step
        );
    };
}

inline void Recorder::set_reporting() {
    table_.put = [](void* ctx,
                    std::uint64_t task,
                    std::int32_t scope,
                    tl_view key,
                    tl_view value,
                    std::int64_t expires_ms,
                    std::uint32_t flags) noexcept {
        const bool fits = key.size <= TL_MAX_KEY && value.size <= TL_MAX_VALUE;
        json::object json{{"scope", scope}, {"key", view(key)}, {"value", bytes(value)}};
        if (expires_ms != 0) json["expires_ms"] = expires_ms;
        if (flags != 0) json["flags"] = flags;
        return self(ctx).record(task, "put", fits ? TL_OK : TL_E_LIMIT, std::move(json));
    };
    table_.item = [](void* ctx, std::uint64_t task, const tl_item* item) noexcept {
        json::object json{
            {"conversation", view(item->conversation)},
            {"dedup", view(item->dedup)},
            {"item", parsed(view(item->json)).value_or(nullptr)}};
        if (item->flags != 0) json["flags"] = item->flags;
        if (item->raw.size > 0) json["raw"] = bytes(item->raw);
        if (item->note.size > 0) json["note"] = bytes(item->note);
        const bool fits = item->note.size <= TL_MAX_NOTE && item->dedup.size <= TL_MAX_KEY &&
                          item->conversation.size <= TL_MAX_KEY;
        const tl_status sound = fits ? sound_json(item->json, TL_MAX_ITEM) : TL_E_LIMIT;
        return self(ctx).record(task, "item", sound, std::move(json));
    };
    table_.route = [](void* ctx, std::uint64_t task, tl_view key, tl_view body) noexcept {
        return self(ctx).record(
            task, "route", TL_OK, {{"account_key", view(key)}, {"body", bytes(body)}}
        );
    };
    table_.alias = [](void* ctx, std::uint64_t task, tl_view conversation, tl_view former
                   ) noexcept {
        return self(ctx).record(
            task, "alias", TL_OK, {{"conversation", view(conversation)}, {"former", view(former)}}
        );
    };
    table_.health = [](void* ctx,
                       std::uint64_t task,
                       tl_view state,
                       tl_view code,
                       tl_view text,
                       std::int64_t until_ms) noexcept {
        json::object json{{"state", view(state)}, {"code", view(code)}, {"text", view(text)}};
        if (until_ms != 0) json["until_ms"] = until_ms;
        return self(ctx).record(task, "health", TL_OK, std::move(json));
    };
}

inline void Recorder::set_ending() {
    table_.source = [](void* ctx, std::uint64_t task, const tl_http* http, std::int64_t expires_ms
                    ) noexcept {
        json::object json = describe(*http);
        if (expires_ms != 0) json["expires_ms"] = expires_ms;
        return self(ctx).record(task, "source", sound(*http), std::move(json));
    };
    table_.answer = [](void* ctx, std::uint64_t task, const tl_answer* answer) noexcept {
        json::object json{{"status", answer->status}};
        if (answer->header_count > 0)
            json["headers"] = pairs(answer->headers, answer->header_count);
        if (answer->body.size > 0) json["body"] = bytes(answer->body);
        self(ctx).current_();
        const auto found = self(ctx).tasks.find(task);
        const bool again =
            found != self(ctx).tasks.end() && std::exchange(found->second.answered, true);
        const tl_status sound = again ? tl_status{TL_E_BAD_STATE} : tl_status{TL_OK};
        return self(ctx).record(task, "answer", sound, std::move(json));
    };
    table_.outcome = [](void* ctx, std::uint64_t task, const tl_outcome* outcome) noexcept {
        json::object json{{"kind", outcome->kind}};
        if (outcome->delay_ms >= 0) json["delay_ms"] = outcome->delay_ms;
        if (outcome->kind == TL_RETRY) json["scope"] = outcome->scope;
        if (outcome->value.size > 0) json["value"] = bytes(outcome->value);
        if (outcome->code.size > 0) json["code"] = view(outcome->code);
        if (outcome->text.size > 0) json["text"] = view(outcome->text);
        const tl_status status = self(ctx).record(task, "outcome", TL_OK, std::move(json));
        if (status == TL_OK) self(ctx).tasks[task].ended = true;
        return status;
    };
}

}  // namespace trunkline::inline face::testing
