#pragma once

#include <algorithm>
#include <array>
#include <cstdint>
#include <optional>
#include <span>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <trunkline/abi.h>
#include <trunkline/effects.hpp>
#include <trunkline/json.hpp>

namespace trunkline::inline face::testing {

/// An input with its own bytes, as tests write it and golden files keep it.
struct Input {
    std::uint32_t kind = TL_IN_WEBHOOK;  ///< tl_input_kind, or one that does not exist
    std::uint64_t task = 1;
    std::uint32_t step = 0, flags = 0;
    std::int64_t at_ms = 0;  ///< 0: the test host's clock
    std::int32_t status = 0;
    std::vector<Header> headers;
    std::string method, target, body, key, note;

    static Input of(std::uint32_t kind, std::uint64_t task, std::uint32_t step = 0) {
        Input input;
        input.kind = kind;
        input.task = task;
        input.step = step;
        return input;
    }
    static Input webhook(std::uint64_t task, std::string body, std::vector<Header> headers = {}) {
        Input input = of(TL_IN_WEBHOOK, task);
        input.method = "POST";
        input.target = "/";
        input.body = std::move(body);
        input.headers = std::move(headers);
        return input;
    }
    static Input routed(std::uint64_t task, std::string account_key, std::string body) {
        Input input = of(TL_IN_ROUTED, task);
        input.key = std::move(account_key);
        input.body = std::move(body);
        return input;
    }
    static Input poll(std::uint64_t task, std::string cursor) {
        Input input = of(TL_IN_POLL, task);
        input.note = std::move(cursor);
        return input;
    }
    static Input command(
        std::uint64_t task, std::string conversation, std::string json, std::string note = {}
    ) {
        Input input = of(TL_IN_COMMAND, task);
        input.key = std::move(conversation);
        input.body = std::move(json);
        input.note = std::move(note);
        return input;
    }
    static Input connect(std::uint64_t task, std::string json) {
        Input input = of(TL_IN_CONNECT, task);
        input.body = std::move(json);
        return input;
    }
    static Input file(std::uint64_t task, std::string ref) {
        Input input = of(TL_IN_FILE, task);
        input.key = std::move(ref);
        return input;
    }

    static Input reply(
        std::uint64_t task,
        std::uint32_t step,
        int status,
        std::string body,
        std::vector<Header> headers = {}
    ) {
        Input input = of(TL_IN_HTTP_REPLY, task, step);
        input.status = status;
        input.body = std::move(body);
        input.headers = std::move(headers);
        return input;
    }
    /// No answer came; `unknown`: but the request may have arrived.
    static Input no_reply(std::uint64_t task, std::uint32_t step, bool unknown) {
        Input input = of(TL_IN_HTTP_REPLY, task, step);
        input.flags = unknown ? std::uint32_t{TL_INPUT_UNKNOWN} : 0U;
        return input;
    }
    static Input stored(std::uint64_t task, std::uint32_t step, std::optional<std::string> value) {
        Input input = of(TL_IN_STORED, task, step);
        input.status = value.has_value() ? 1 : 0;
        input.body = std::move(value).value_or("");
        return input;
    }
    static Input timer(std::uint64_t task, std::uint32_t step) {
        return of(TL_IN_TIMER, task, step);
    }
    static Input form(std::uint64_t task, std::uint32_t step, std::string json) {
        Input input = of(TL_IN_FORM, task, step);
        input.body = std::move(json);
        return input;
    }
    static Input cancel(std::uint64_t task) { return of(TL_IN_CANCEL, task); }
};

struct KindName {
    tl_input_kind kind;
    std::string_view name;
};
inline constexpr std::array kKindNames{
    KindName{TL_IN_WEBHOOK, "webhook"},
    KindName{TL_IN_ROUTED, "routed"},
    KindName{TL_IN_REPLAY, "replay"},
    KindName{TL_IN_POLL, "poll"},
    KindName{TL_IN_COMMAND, "command"},
    KindName{TL_IN_FILE, "file"},
    KindName{TL_IN_PROFILE, "profile"},
    KindName{TL_IN_CONNECT, "connect"},
    KindName{TL_IN_CHECK, "check"},
    KindName{TL_IN_DISCONNECT, "disconnect"},
    KindName{TL_IN_HTTP_REPLY, "http_reply"},
    KindName{TL_IN_TIMER, "timer"},
    KindName{TL_IN_STORED, "stored"},
    KindName{TL_IN_FORM, "form"},
    KindName{TL_IN_CANCEL, "cancel"}};

/// Reads one line of a golden file (docs/connectors/how-to/record-test-data.md). Throws
/// std::runtime_error naming what is wrong with it.
inline Input input_from_json(std::string_view line) {
    const auto read = parsed(line);
    const json::object* const object = read ? read->if_object() : nullptr;
    if (object == nullptr) throw std::runtime_error{"not a JSON object: " + std::string{line}};
    Input input;
    const std::string_view kind = text_at(*read, "kind");
    const auto* const name = std::ranges::find(kKindNames, kind, &KindName::name);
    if (name == kKindNames.end()) throw std::runtime_error{"unknown kind: " + std::string{kind}};
    input.kind = name->kind;
    for (const auto& [key, value] : *object) {
        const auto number = [&] { return value.to_number<std::int64_t>(); };
        const auto text = [&] {
            return value.is_string() ? std::string{value.get_string()} : json::serialize(value);
        };
        if (key == "kind") continue;
        if (key == "task")
            input.task = static_cast<std::uint64_t>(number());
        else if (key == "step")
            input.step = static_cast<std::uint32_t>(number());
        else if (key == "at_ms")
            input.at_ms = number();
        else if (key == "status")
            input.status = static_cast<std::int32_t>(number());
        else if (key == "unknown")
            input.flags |= value.as_bool() ? std::uint32_t{TL_INPUT_UNKNOWN} : 0U;
        else if (key == "truncated")
            input.flags |= value.as_bool() ? std::uint32_t{TL_INPUT_TRUNCATED} : 0U;
        else if (key == "method")
            input.method = text();
        else if (key == "target")
            input.target = text();
        else if (key == "body")
            input.body = text();
        else if (key == "body_hex")
            input.body = bytes_of_hex(text());
        else if (key == "key")
            input.key = text();
        else if (key == "note")
            input.note = text();
        else if (key == "headers") {
            for (const auto& [header, content] : value.as_object()) {
                input.headers.push_back({std::string{header}, std::string{content.as_string()}});
            }
        } else {
            throw std::runtime_error{"unknown member: " + std::string{key}};
        }
    }
    return input;
}

/// An input in the form of the border, without its texts and pairs.
inline tl_input bare(const Input& in) noexcept {
    tl_input input{};
    input.size = sizeof(tl_input);
    input.kind = in.kind;
    input.task = in.task;
    input.step = in.step;
    input.flags = in.flags;
    input.at_ms = in.at_ms;
    input.deadline_ms = in.at_ms + 60'000;
    input.status = in.status;
    return input;
}

/// A batch in the form of the border. Its bytes are overwritten when it dies, so that a connector
/// that kept a view shows at once.
class LentBatch {
public:
    explicit LentBatch(std::span<const Input> inputs) {
        std::size_t bytes = 0, pairs = 0;
        for (const Input& in : inputs) {
            bytes += in.method.size() + in.target.size() + in.body.size() + in.key.size() +
                     in.note.size();
            pairs += in.headers.size();
            for (const Header& each : in.headers)
                bytes += each.name.size() + each.value.size();
        }
        bytes_.resize(bytes);
        pairs_.reserve(pairs);
        for (const Input& in : inputs)
            batch_.push_back(lend(in));
    }
    LentBatch(const LentBatch&) = delete;
    LentBatch& operator=(const LentBatch&) = delete;
    ~LentBatch() { std::ranges::fill(bytes_, '#'); }

    const tl_input* data() const noexcept { return batch_.data(); }
    std::uint32_t size() const noexcept { return static_cast<std::uint32_t>(batch_.size()); }

private:
    tl_view keep(std::string_view text) {
        char* const place = bytes_.data() + used_;
        std::ranges::copy(text, place);
        used_ += text.size();
        return {place, text.size()};
    }

    tl_input lend(const Input& in) {
        const std::size_t first = pairs_.size();
        for (const Header& each : in.headers) {
            const tl_view name = keep(each.name);
            pairs_.push_back({name, keep(each.value)});
        }
        tl_input input = bare(in);
        input.pair_count = static_cast<std::uint32_t>(in.headers.size());
        input.pairs = pairs_.data() + first;
        input.method = keep(in.method);
        input.target = keep(in.target);
        input.body = keep(in.body);
        input.key = keep(in.key);
        input.note = keep(in.note);
        return input;
    }

    std::vector<char> bytes_;
    std::vector<tl_pair> pairs_;
    std::vector<tl_input> batch_;
    std::size_t used_ = 0;
};

}  // namespace trunkline::inline face::testing
