#include "host/frames/effects.hpp"

namespace trunkline::frames {
namespace {

constexpr std::size_t kPartLeast = 48;

}  // namespace

enum class EffectWriter::Verb : std::uint8_t {
    http = 1,
    timer,
    get,
    put,
    item,
    route,
    alias,
    source,
    health,
    answer,
    outcome,
    form,
};

Writer EffectWriter::begin(Verb verb, std::uint32_t input, std::uint64_t task) {
    Writer out{bytes_};
    out.number(static_cast<std::uint8_t>(verb));
    out.number(input);
    out.number(task);
    return out;
}

void EffectWriter::pairs(Writer& out, const tl_pair* pairs, std::uint32_t count) {
    out.number(count);
    for (std::uint32_t i = 0; i < count; ++i) {
        out.view(pairs[i].name);
        out.view(pairs[i].value);
    }
}

void EffectWriter::request(Writer& out, const tl_http& http) {
    out.number(http.flags);
    out.view(http.method);
    out.view(http.url);
    pairs(out, http.headers, http.header_count);
    out.number(http.part_count);
    for (std::uint32_t i = 0; i < http.part_count; ++i) {
        const tl_part& part = http.parts[i];
        for (const tl_view view : {part.name, part.filename, part.mime, part.bytes, part.file})
            out.view(view);
        out.number(part.flags);
    }
    out.view(http.body);
    out.number(http.timeout_ms);
    out.number(http.reply_max);
    out.view(http.bucket);
}

void EffectWriter::http(
    std::uint32_t input, std::uint64_t task, std::uint32_t step, const tl_http& http
) {
    Writer out = begin(Verb::http, input, task);
    out.number(step);
    request(out, http);
}

void EffectWriter::timer(
    std::uint32_t input, std::uint64_t task, std::uint32_t step, std::int64_t due_ms
) {
    Writer out = begin(Verb::timer, input, task);
    out.number(step);
    out.number(due_ms);
}

void EffectWriter::form(std::uint32_t input, std::uint64_t task, std::uint32_t step, tl_view json) {
    Writer out = begin(Verb::form, input, task);
    out.number(step);
    out.view(json);
}

void EffectWriter::get(
    std::uint32_t input, std::uint64_t task, std::uint32_t step, std::int32_t scope, tl_view key
) {
    Writer out = begin(Verb::get, input, task);
    out.number(step);
    out.number(scope);
    out.view(key);
}

void EffectWriter::put(
    std::uint32_t input,
    std::uint64_t task,
    std::int32_t scope,
    tl_view key,
    tl_view value,
    std::int64_t expires_ms,
    std::uint32_t flags
) {
    Writer out = begin(Verb::put, input, task);
    out.number(scope);
    out.view(key);
    out.view(value);
    out.number(expires_ms);
    out.number(flags);
}

void EffectWriter::item(std::uint32_t input, std::uint64_t task, const tl_item& item) {
    Writer out = begin(Verb::item, input, task);
    out.number(item.flags);
    for (const tl_view view : {item.conversation, item.dedup, item.json, item.raw, item.note})
        out.view(view);
}

void EffectWriter::route(
    std::uint32_t input, std::uint64_t task, tl_view account_key, tl_view body
) {
    Writer out = begin(Verb::route, input, task);
    out.view(account_key);
    out.view(body);
}

void EffectWriter::alias(
    std::uint32_t input, std::uint64_t task, tl_view conversation, tl_view former
) {
    Writer out = begin(Verb::alias, input, task);
    out.view(conversation);
    out.view(former);
}

void EffectWriter::source(
    std::uint32_t input, std::uint64_t task, const tl_http& http, std::int64_t expires_ms
) {
    Writer out = begin(Verb::source, input, task);
    out.number(expires_ms);
    request(out, http);
}

void EffectWriter::health(
    std::uint32_t input,
    std::uint64_t task,
    tl_view state,
    tl_view code,
    tl_view text,
    std::int64_t until_ms
) {
    Writer out = begin(Verb::health, input, task);
    out.view(state);
    out.view(code);
    out.view(text);
    out.number(until_ms);
}

void EffectWriter::answer(std::uint32_t input, std::uint64_t task, const tl_answer& answer) {
    Writer out = begin(Verb::answer, input, task);
    out.number(answer.status);
    pairs(out, answer.headers, answer.header_count);
    out.view(answer.body);
}

void EffectWriter::outcome(std::uint32_t input, std::uint64_t task, const tl_outcome& outcome) {
    Writer out = begin(Verb::outcome, input, task);
    out.number(outcome.kind);
    out.number(outcome.delay_ms);
    out.number(outcome.scope);
    out.view(outcome.value);
    out.view(outcome.code);
    out.view(outcome.text);
}

void EffectReader::read_pairs(std::uint32_t& count, const tl_pair*& first) {
    count = in_.count(kPairLeast, TL_MAX_PAIRS);
    for (std::uint32_t i = 0; i < count && !in_.failed(); ++i) {
        const tl_view name = in_.view();
        pairs_.push_back({name, in_.view()});
    }
    first = pairs_.empty() ? nullptr : pairs_.data();
}

void EffectReader::read_request() {
    http_ = {};
    http_.size = sizeof(tl_http);
    http_.flags = in_.number<std::uint32_t>();
    http_.method = in_.view();
    http_.url = in_.view();
    read_pairs(http_.header_count, http_.headers);
    http_.part_count = in_.count(kPartLeast, TL_MAX_PARTS);
    for (std::uint32_t i = 0; i < http_.part_count && !in_.failed(); ++i) {
        tl_part part{};
        for (tl_view* view : {&part.name, &part.filename, &part.mime, &part.bytes, &part.file})
            *view = in_.view();
        part.flags = in_.number<std::uint64_t>();
        parts_.push_back(part);
    }
    http_.parts = parts_.empty() ? nullptr : parts_.data();
    http_.body = in_.view();
    http_.timeout_ms = in_.number<std::int64_t>();
    http_.reply_max = in_.number<std::uint64_t>();
    http_.bucket = in_.view();
}

bool EffectReader::next() {
    using Verb = EffectWriter::Verb;
    if (in_.failed() || in_.rest().empty()) return false;
    pairs_.clear();
    parts_.clear();
    verb_ = in_.number<std::uint8_t>();
    input_ = in_.number<std::uint32_t>();
    task_ = in_.number<std::uint64_t>();
    switch (static_cast<Verb>(verb_)) {
        case Verb::http:
            step_ = in_.number<std::uint32_t>();
            read_request();
            break;
        case Verb::timer:
            step_ = in_.number<std::uint32_t>();
            time_ms_ = in_.number<std::int64_t>();
            break;
        case Verb::form:
            step_ = in_.number<std::uint32_t>();
            texts_[0] = in_.view();
            break;
        case Verb::get:
            step_ = in_.number<std::uint32_t>();
            scope_ = in_.number<std::int32_t>();
            texts_[0] = in_.view();
            break;
        case Verb::put:
            scope_ = in_.number<std::int32_t>();
            texts_[0] = in_.view();
            texts_[1] = in_.view();
            time_ms_ = in_.number<std::int64_t>();
            flags_ = in_.number<std::uint32_t>();
            break;
        case Verb::item:
            item_ = {};
            item_.size = sizeof(tl_item);
            item_.flags = in_.number<std::uint32_t>();
            for (tl_view* view :
                 {&item_.conversation, &item_.dedup, &item_.json, &item_.raw, &item_.note})
                *view = in_.view();
            break;
        case Verb::route:
        case Verb::alias:
            texts_[0] = in_.view();
            texts_[1] = in_.view();
            break;
        case Verb::source:
            time_ms_ = in_.number<std::int64_t>();
            read_request();
            break;
        case Verb::health:
            for (tl_view& view : texts_)
                view = in_.view();
            time_ms_ = in_.number<std::int64_t>();
            break;
        case Verb::answer:
            answer_ = {};
            answer_.size = sizeof(tl_answer);
            answer_.status = in_.number<std::int32_t>();
            read_pairs(answer_.header_count, answer_.headers);
            answer_.body = in_.view();
            break;
        case Verb::outcome:
            outcome_ = {};
            outcome_.size = sizeof(tl_outcome);
            outcome_.kind = in_.number<std::int32_t>();
            outcome_.delay_ms = in_.number<std::int64_t>();
            outcome_.scope = in_.number<std::uint32_t>();
            outcome_.value = in_.view();
            outcome_.code = in_.view();
            outcome_.text = in_.view();
            break;
        default:
            in_.refuse();
            break;
    }
    return !in_.failed();
}

tl_status EffectReader::perform(const tl_effects& effects) const {
    using Verb = EffectWriter::Verb;
    void* const ctx = effects.ctx;
    switch (static_cast<Verb>(verb_)) {
        case Verb::http:
            return effects.http(ctx, task_, step_, &http_);
        case Verb::timer:
            return effects.timer(ctx, task_, step_, time_ms_);
        case Verb::form:
            return effects.form(ctx, task_, step_, texts_[0]);
        case Verb::get:
            return effects.get(ctx, task_, step_, scope_, texts_[0]);
        case Verb::put:
            return effects.put(ctx, task_, scope_, texts_[0], texts_[1], time_ms_, flags_);
        case Verb::item:
            return effects.item(ctx, task_, &item_);
        case Verb::route:
            return effects.route(ctx, task_, texts_[0], texts_[1]);
        case Verb::alias:
            return effects.alias(ctx, task_, texts_[0], texts_[1]);
        case Verb::source:
            return effects.source(ctx, task_, &http_, time_ms_);
        case Verb::health:
            return effects.health(ctx, task_, texts_[0], texts_[1], texts_[2], time_ms_);
        case Verb::answer:
            return effects.answer(ctx, task_, &answer_);
        case Verb::outcome:
            return effects.outcome(ctx, task_, &outcome_);
    }
    return TL_E_UNSUPPORTED;
}

}  // namespace trunkline::frames
