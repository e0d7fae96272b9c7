#include "host/frames/frames.hpp"

#include "host/frames/wire.hpp"

namespace trunkline::frames {
namespace {

constexpr std::size_t kInputLeast = 64;  // an input's fixed part is longer
constexpr std::size_t kChangeLeast = 17;
constexpr std::uint32_t kChangesMax = 4096;
constexpr std::uint32_t kNotCrowded = ~std::uint32_t{0};

Writer begin(std::string& frame, Kind kind) {
    Writer writer{frame};
    writer.number(static_cast<std::uint8_t>(kind));
    return writer;
}

/// Reads a frame's kind; everything behind it reads as empty when it is another one.
Reader open(std::string_view frame, Kind kind) {
    return kind_of(frame) == kind ? Reader{frame.substr(1)} : Reader{{}};
}

bool is(std::string_view frame, Kind kind, const Reader& reader) {
    return kind_of(frame) == kind && reader.whole();
}

}  // namespace

std::optional<Kind> kind_of(std::string_view frame) noexcept {
    if (frame.empty()) return std::nullopt;
    const auto first = static_cast<std::uint8_t>(frame.front());
    if (first < static_cast<std::uint8_t>(Kind::hello) ||
        first > static_cast<std::uint8_t>(Kind::tell_file))
        return std::nullopt;
    return static_cast<Kind>(first);
}

std::string encode(const Hello& hello) {
    std::string frame;
    Writer out = begin(frame, Kind::hello);
    out.number(hello.version);
    out.text(hello.refused);
    out.text(hello.id);
    out.text(hello.connector_version);
    out.number(hello.state_schema);
    out.number(static_cast<std::uint8_t>(hello.features));
    return frame;
}

bool decode(std::string_view frame, Hello& out) {
    Reader in = open(frame, Kind::hello);
    out.version = in.number<std::uint32_t>();
    out.refused = in.text();
    out.id = in.text();
    out.connector_version = in.text();
    out.state_schema = in.number<std::uint32_t>();
    out.features = in.flag();
    return is(frame, Kind::hello, in);
}

std::string encode(const Create& create) {
    std::string frame;
    Writer out = begin(frame, Kind::create);
    out.number(create.call);
    out.number(create.instance);
    out.number(create.scope);
    out.number(static_cast<std::uint8_t>(create.allow_private));
    for (const std::string_view text :
         {create.connector,
          create.account,
          create.name,
          create.connector_json,
          create.settings_json,
          create.hook_url,
          create.state})
        out.text(text);
    out.number(create.state_schema);
    return frame;
}

bool decode(std::string_view frame, Create& out) {
    Reader in = open(frame, Kind::create);
    out.call = in.number<std::uint64_t>();
    out.instance = in.number<std::uint64_t>();
    out.scope = in.number<std::uint32_t>();
    out.allow_private = in.flag();
    for (std::string_view* text :
         {&out.connector,
          &out.account,
          &out.name,
          &out.connector_json,
          &out.settings_json,
          &out.hook_url,
          &out.state})
        *text = in.text();
    out.state_schema = in.number<std::uint32_t>();
    return is(frame, Kind::create, in);
}

std::string encode(const Created& created) {
    std::string frame;
    Writer out = begin(frame, Kind::created);
    out.number(created.call);
    out.number(created.code);
    out.text(created.escaped);
    return frame;
}

bool decode(std::string_view frame, Created& out) {
    Reader in = open(frame, Kind::created);
    out.call = in.number<std::uint64_t>();
    out.code = in.number<std::int32_t>();
    out.escaped = in.text();
    return is(frame, Kind::created, in);
}

std::string encode(const Destroy& destroy) {
    std::string frame;
    Writer out = begin(frame, Kind::destroy);
    out.number(destroy.instance);
    return frame;
}

bool decode(std::string_view frame, Destroy& out) {
    Reader in = open(frame, Kind::destroy);
    out.instance = in.number<std::uint64_t>();
    return is(frame, Kind::destroy, in);
}

std::string encode(const Save& save) {
    std::string frame;
    Writer out = begin(frame, Kind::save);
    out.number(save.call);
    out.number(save.instance);
    return frame;
}

bool decode(std::string_view frame, Save& out) {
    Reader in = open(frame, Kind::save);
    out.call = in.number<std::uint64_t>();
    out.instance = in.number<std::uint64_t>();
    return is(frame, Kind::save, in);
}

std::string encode(const Saved& saved) {
    std::string frame;
    Writer out = begin(frame, Kind::saved);
    out.number(saved.call);
    out.text(saved.state);
    out.number(saved.schema);
    return frame;
}

bool decode(std::string_view frame, Saved& out) {
    Reader in = open(frame, Kind::saved);
    out.call = in.number<std::uint64_t>();
    out.state = in.text();
    out.schema = in.number<std::uint32_t>();
    return is(frame, Kind::saved, in) && out.state.size() <= TL_MAX_VALUE;
}

HandleWriter::HandleWriter(std::uint64_t call, std::uint64_t instance, std::uint32_t count) {
    Writer out = begin(frame_, Kind::handle);
    out.number(call);
    out.number(instance);
    out.number(count);
}

void HandleWriter::add(const Given& given) {
    Writer out{frame_};
    const tl_input& input = given.input;
    out.number(input.kind);
    out.number(input.task);
    out.number(input.step);
    out.number(input.flags);
    out.number(input.at_ms);
    out.number(input.deadline_ms);
    out.number(input.status);
    for (const tl_view view : {input.method, input.target, input.body, input.key, input.note})
        out.view(view);
    out.number(input.pair_count);
    for (std::uint32_t i = 0; i < input.pair_count; ++i) {
        out.view(input.pairs[i].name);
        out.view(input.pairs[i].value);
    }
    out.number(given.last_step);
    out.number(static_cast<std::uint8_t>(given.answered));
    out.number(static_cast<std::uint8_t>(given.sourced));
    out.number(static_cast<std::uint8_t>(given.named));
    out.number(given.first_kind);
    out.number(given.journal_bytes);
    out.text(given.first_key);
    out.text(given.seed);
}

bool decode(std::string_view frame, Handle& out) {
    Reader in = open(frame, Kind::handle);
    out.given.clear();
    out.pairs.clear();
    out.call = in.number<std::uint64_t>();
    out.instance = in.number<std::uint64_t>();
    const std::uint32_t count = in.count(kInputLeast, TL_MAX_BATCH);
    for (std::uint32_t i = 0; i < count && !in.failed(); ++i) {
        Given given;
        tl_input& input = given.input;
        input.size = sizeof(tl_input);
        input.kind = in.number<std::uint32_t>();
        input.task = in.number<std::uint64_t>();
        input.step = in.number<std::uint32_t>();
        input.flags = in.number<std::uint32_t>();
        input.at_ms = in.number<std::int64_t>();
        input.deadline_ms = in.number<std::int64_t>();
        input.status = in.number<std::int32_t>();
        for (tl_view* view : {&input.method, &input.target, &input.body, &input.key, &input.note})
            *view = in.view();
        // More than TL_MAX_PAIRS: a webhook's headers are bounded elsewhere.
        input.pair_count = in.count(kPairLeast, 65'536);
        for (std::uint32_t k = 0; k < input.pair_count && !in.failed(); ++k) {
            const tl_view name = in.view();
            out.pairs.push_back({name, in.view()});
        }
        given.last_step = in.number<std::uint32_t>();
        given.answered = in.flag();
        given.sourced = in.flag();
        given.named = in.flag();
        given.first_kind = in.number<std::uint32_t>();
        given.journal_bytes = in.number<std::uint64_t>();
        given.first_key = in.text();
        given.seed = in.text();
        out.given.push_back(given);
    }
    if (!is(frame, Kind::handle, in) || out.given.empty()) return false;
    // Only now: while it grew, the list moved.
    std::size_t pair = 0;
    for (Given& given : out.given) {
        given.input.pairs = given.input.pair_count == 0 ? nullptr : out.pairs.data() + pair;
        pair += given.input.pair_count;
    }
    return true;
}

std::string encode(const Reply& reply) {
    std::string frame;
    frame.reserve(reply.effects.size() + reply.escaped.size() + 64);
    Writer out = begin(frame, Kind::reply);
    out.number(reply.call);
    out.number(reply.code);
    out.number(reply.done);
    out.number(reply.crowded.value_or(kNotCrowded));
    out.number(reply.took_us);
    out.text(reply.escaped);
    out.text(reply.effects);
    return frame;
}

bool decode(std::string_view frame, Reply& out) {
    Reader in = open(frame, Kind::reply);
    out.call = in.number<std::uint64_t>();
    out.code = in.number<std::int32_t>();
    out.done = in.number<std::uint32_t>();
    const auto crowded = in.number<std::uint32_t>();
    out.crowded = crowded == kNotCrowded ? std::nullopt : std::optional{crowded};
    out.took_us = in.number<std::uint64_t>();
    out.escaped = in.text();
    out.effects = in.text();
    return is(frame, Kind::reply, in);
}

std::string encode(const Log& log) {
    std::string frame;
    Writer out = begin(frame, Kind::log);
    out.number(log.instance);
    out.number(log.level);
    out.text(log.text);
    return frame;
}

bool decode(std::string_view frame, Log& out) {
    Reader in = open(frame, Kind::log);
    out.instance = in.number<std::uint64_t>();
    out.level = in.number<std::int32_t>();
    out.text = in.text();
    return is(frame, Kind::log, in);
}

std::string encode(const Metrics& metrics) {
    std::string frame;
    Writer out = begin(frame, Kind::metrics);
    out.number(static_cast<std::uint32_t>(metrics.changes.size()));
    for (const MetricChange& change : metrics.changes) {
        out.text(change.name);
        out.number(static_cast<std::uint8_t>(change.gauge));
        out.number(change.value);
    }
    return frame;
}

bool decode(std::string_view frame, Metrics& out) {
    Reader in = open(frame, Kind::metrics);
    out.changes.clear();
    const std::uint32_t count = in.count(kChangeLeast, kChangesMax);
    for (std::uint32_t i = 0; i < count && !in.failed(); ++i) {
        MetricChange change;
        change.name = in.text();
        change.gauge = in.flag();
        change.value = in.number<std::int64_t>();
        out.changes.push_back(change);
    }
    return is(frame, Kind::metrics, in);
}

std::string encode(const AskFile& ask) {
    std::string frame;
    Writer out = begin(frame, Kind::ask_file);
    out.number(ask.instance);
    out.text(ask.file);
    return frame;
}

bool decode(std::string_view frame, AskFile& out) {
    Reader in = open(frame, Kind::ask_file);
    out.instance = in.number<std::uint64_t>();
    out.file = in.text();
    return is(frame, Kind::ask_file, in) && out.file.size() <= TL_MAX_KEY;
}

std::string encode(const TellFile& tell) {
    std::string frame;
    begin(frame, Kind::tell_file).number(static_cast<std::uint8_t>(tell.there));
    return frame;
}

bool decode(std::string_view frame, TellFile& out) {
    Reader in = open(frame, Kind::tell_file);
    out.there = in.flag();
    return is(frame, Kind::tell_file, in);
}

}  // namespace trunkline::frames
