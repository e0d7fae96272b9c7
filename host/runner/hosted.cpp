#include "host/runner/hosted.hpp"

#include <algorithm>
#include <chrono>
#include <cstring>

#include <trunkline/ext/crypto.h>

#include "host/plugins/guard.hpp"
#include "host/tasks/arguments.hpp"

namespace trunkline::runner {
namespace {

constexpr std::uint32_t kLinesMax = 100;        // for each frame of the host's
constexpr std::size_t kLineMax = 16ULL << 10U;  // the host cuts further, behind its redaction
// One more effect, the largest there is, still fits into the frame.
constexpr std::size_t kReplyBytesMax = frames::kFrameMax - TL_MAX_REQUEST - (2ULL << 20U);

std::string_view text_of(tl_view view) noexcept {
    return view.size == 0 || view.data == nullptr ? std::string_view{}
                                                  : std::string_view{view.data, view.size};
}

/// Stands for any file: whether there is one is known to the host, which is asked.
class SomeFile final : public net::FileBytes {
public:
    std::uint64_t size() const override { return 0; }
    bool read(std::uint64_t, std::string&) const override { return false; }
};

/// The struct as far as this version knows it; found readable before.
template <class Struct>
Struct known_part(const Struct* given) noexcept {
    Struct out{};
    (void)tasks::read_sized(given, out);
    return out;
}

}  // namespace

Household::Household(Peer& peer) : peer_{peer} {
    metrics_.size = sizeof(tl_metrics);
    metrics_.ctx = this;
    metrics_.count = [](void* ctx, tl_view name, std::uint64_t by) noexcept -> tl_status {
        constexpr auto kMost = static_cast<std::uint64_t>(INT64_MAX);
        return static_cast<Household*>(ctx)->change(
            name, false, static_cast<std::int64_t>(std::min(by, kMost))
        );
    };
    metrics_.gauge = [](void* ctx, tl_view name, std::int64_t value) noexcept -> tl_status {
        return static_cast<Household*>(ctx)->change(name, true, value);
    };
}

tl_status Household::change(tl_view name, bool gauge, std::int64_t value) noexcept {
    const tl_metrics& judge = judge_.table();
    const tl_status status = gauge
                                 ? judge.gauge(judge.ctx, name, value)
                                 : judge.count(judge.ctx, name, static_cast<std::uint64_t>(value));
    if (status != TL_OK) return status;
    try {
        const auto same = std::ranges::find(changes_, text_of(name), &Change::name);
        if (same == changes_.end())
            changes_.push_back({std::string{text_of(name)}, gauge, value});
        else if (gauge)
            same->value = value;
        else
            same->value += value;
    } catch (...) {
        return TL_E_NO_MEMORY;
    }
    return TL_OK;
}

void Household::log(std::uint64_t instance, std::int32_t level, tl_view text) noexcept {
    if (text.data == nullptr) return;
    if (++lines_ > kLinesMax) {
        ++left_out_;
        return;
    }
    try {
        peer_.send(frames::encode(frames::Log{instance, level, text_of(text).substr(0, kLineMax)}));
    } catch (...) {
        ++left_out_;
    }
}

void Household::flush() {
    if (left_out_ > 0) {
        const std::string line = std::to_string(left_out_) + " more lines were left out";
        peer_.send(frames::encode(frames::Log{0, TL_LOG_WARNING, line}));
    }
    lines_ = left_out_ = 0;
    if (changes_.empty()) return;
    frames::Metrics metrics;
    for (const Change& change : changes_)
        metrics.changes.push_back({change.name, change.gauge, change.value});
    peer_.send(frames::encode(metrics));
    changes_.clear();
}

Hosted::Hosted(const tl_plugin& table, Household& household, const frames::Create& create)
    : table_{table},
      household_{household},
      id_{create.instance},
      files_{[this](const std::string& file) -> std::shared_ptr<const net::FileBytes> {
          static const auto kSome = std::make_shared<SomeFile>();
          return household_.peer().ask_file(id_, file) ? kSome : nullptr;
      }},
      collector_{setup_, files_},
      buckets_{tasks::buckets_of(text_of(table.manifest))} {
    setup_.connector = ConnectorId{std::string{create.connector}};
    setup_.account = AccountId{std::string{create.account}};
    setup_.scope = static_cast<tl_scope>(create.scope);
    setup_.allow_private = create.allow_private;
    host_.size = sizeof(tl_host);
    host_.abi_minor = TL_ABI_MINOR;
    host_.ctx = this;
    constexpr std::string_view kProduct = "trunkline";
    host_.product_version = {kProduct.data(), kProduct.size()};
    host_.log = [](void* ctx, std::int32_t level, tl_view text) noexcept {
        const auto& self = *static_cast<Hosted*>(ctx);
        self.household_.log(self.id_, level, text);
    };
    host_.extension = [](void* ctx, tl_view id) noexcept -> const void* {
        const auto& self = *static_cast<Hosted*>(ctx);
        if (text_of(id) == TL_EXT_RANDOM) return &self.collector_.random();
        if (text_of(id) == TL_EXT_CRYPTO) return &plugins::crypto_table();
        if (text_of(id) == TL_EXT_METRICS) return &self.household_.metrics();
        return nullptr;
    };
    recording_table();
}

Hosted::~Hosted() {
    if (object_ == nullptr) return;
    void (*destroy)(tl_instance*) = table_.destroy;
    if (!plugins::guarded_void(destroy, object_)) {
        constexpr std::string_view kThrew = "its destroy threw";
        household_.log(id_, TL_LOG_ERROR, {kThrew.data(), kThrew.size()});
    }
}

/// A process that is short of memory stays short of it: a fresh one takes over, and the input is
/// tried there.
void Hosted::out_of_memory_ends_it(tl_code code, const std::string& escaped) {
    if (code != TL_E_NO_MEMORY && escaped != "out of memory" && escaped != "?") return;
    household_.peer().die("out of memory");
}

frames::Created Hosted::create(const frames::Create& create) {
    const auto lend = [](std::string_view text) { return tl_view{text.data(), text.size()}; };
    tl_setup given{};
    given.size = sizeof(tl_setup);
    given.scope = static_cast<std::int32_t>(create.scope);
    given.name = lend(create.name);
    given.connector_json = lend(create.connector_json);
    given.settings_json = lend(create.settings_json);
    given.hook_url = lend(create.hook_url);
    given.state = lend(create.state);
    given.state_schema = create.state_schema;
    tl_status (*function)(const tl_host*, const tl_setup*, tl_instance**) = table_.create;
    tl_instance* made = nullptr;
    auto called = plugins::guarded(function, &host_, &given, &made);
    tl_code code = plugins::code_of(called.value);
    out_of_memory_ends_it(code, called.escaped);
    if (!called.escaped.empty() || (code == TL_OK && made == nullptr)) code = TL_E_INTERNAL;
    if (code == TL_OK) object_ = made;  // set only with TL_OK; otherwise it is not ours to destroy
    escaped_ = std::move(called.escaped);
    return {create.call, code, escaped_};
}

frames::Saved Hosted::save(std::string& state) {
    if (!TL_HAS(&table_, tl_plugin, save)) return {};
    struct Taken {
        std::string& state;
        int calls = 0;
        bool refused = false;
    } taken{state};
    const auto sink = [](void* context, tl_view view) {
        auto& into = *static_cast<Taken*>(context);
        ++into.calls;
        if (into.calls > 1 || view.size > TL_MAX_VALUE || (view.data == nullptr && view.size > 0)) {
            into.refused = true;
            return;
        }
        into.state = text_of(view);
    };
    tl_status (*function)(tl_instance*, void*, void (*)(void*, tl_view)) = table_.save;
    const auto called = plugins::guarded(function, object_, static_cast<void*>(&taken), +sink);
    // Caches are a convenience: without them the next instance starts cold.
    if (!called.escaped.empty() || called.value != TL_OK || taken.refused) return {};
    return {0, state, table_.state_schema};
}

std::uint32_t Hosted::input_of(std::uint64_t task) const noexcept {
    for (std::uint32_t i = *done_; i < slots_.size(); ++i) {
        if (slots_[i].task->id == task) return i;
    }
    return *done_;
}

/// Asks the collector, which decides, and keeps what it let in.
template <class Ask, class Record>
tl_status Hosted::ask(std::uint64_t task, Ask ask, Record record) noexcept {
    if (crowded_) return TL_E_LIMIT;
    const tl_status status = ask(collector_.table());
    if (status != TL_OK) return status;
    try {
        const std::uint32_t input = input_of(task);
        record(input);
        // What one task may ask for fits; what several ask for together need not.
        if (effects_asked_.bytes().size() > kReplyBytesMax) crowded_ = input;
    } catch (...) {
        household_.peer().die("out of memory");
    }
    return TL_OK;
}

const tl_effects& Hosted::recording_table() {
    effects_.size = sizeof(tl_effects);
    effects_.ctx = this;
    effects_.http = [](void* c, std::uint64_t t, std::uint32_t step, const tl_http* given
                    ) noexcept {
        auto& me = *static_cast<Hosted*>(c);
        return me.ask(
            t,
            [&](const tl_effects& e) { return e.http(e.ctx, t, step, given); },
            [&](std::uint32_t i) { me.effects_asked_.http(i, t, step, known_part(given)); }
        );
    };
    effects_.timer = [](void* c, std::uint64_t t, std::uint32_t step, std::int64_t due) noexcept {
        auto& me = *static_cast<Hosted*>(c);
        return me.ask(
            t,
            [&](const tl_effects& e) { return e.timer(e.ctx, t, step, due); },
            [&](std::uint32_t i) { me.effects_asked_.timer(i, t, step, due); }
        );
    };
    effects_.get = [](void* c, std::uint64_t t, std::uint32_t step, std::int32_t scope, tl_view key
                   ) noexcept {
        auto& me = *static_cast<Hosted*>(c);
        return me.ask(
            t,
            [&](const tl_effects& e) { return e.get(e.ctx, t, step, scope, key); },
            [&](std::uint32_t i) { me.effects_asked_.get(i, t, step, scope, key); }
        );
    };
    effects_.form = [](void* c, std::uint64_t t, std::uint32_t step, tl_view json) noexcept {
        auto& me = *static_cast<Hosted*>(c);
        return me.ask(
            t,
            [&](const tl_effects& e) { return e.form(e.ctx, t, step, json); },
            [&](std::uint32_t i) { me.effects_asked_.form(i, t, step, json); }
        );
    };
    effects_.put = [](void* c,
                      std::uint64_t t,
                      std::int32_t scope,
                      tl_view key,
                      tl_view value,
                      std::int64_t expires,
                      std::uint32_t flags) noexcept {
        auto& me = *static_cast<Hosted*>(c);
        return me.ask(
            t,
            [&](const tl_effects& e) { return e.put(e.ctx, t, scope, key, value, expires, flags); },
            [&](std::uint32_t i) { me.effects_asked_.put(i, t, scope, key, value, expires, flags); }
        );
    };
    effects_.item = [](void* c, std::uint64_t t, const tl_item* given) noexcept {
        auto& me = *static_cast<Hosted*>(c);
        return me.ask(
            t,
            [&](const tl_effects& e) { return e.item(e.ctx, t, given); },
            [&](std::uint32_t i) { me.effects_asked_.item(i, t, known_part(given)); }
        );
    };
    effects_.route = [](void* c, std::uint64_t t, tl_view key, tl_view body) noexcept {
        auto& me = *static_cast<Hosted*>(c);
        return me.ask(
            t,
            [&](const tl_effects& e) { return e.route(e.ctx, t, key, body); },
            [&](std::uint32_t i) { me.effects_asked_.route(i, t, key, body); }
        );
    };
    effects_.alias = [](void* c, std::uint64_t t, tl_view conversation, tl_view former) noexcept {
        auto& me = *static_cast<Hosted*>(c);
        return me.ask(
            t,
            [&](const tl_effects& e) { return e.alias(e.ctx, t, conversation, former); },
            [&](std::uint32_t i) { me.effects_asked_.alias(i, t, conversation, former); }
        );
    };
    effects_.source = [](void* c, std::uint64_t t, const tl_http* given, std::int64_t expires
                      ) noexcept {
        auto& me = *static_cast<Hosted*>(c);
        return me.ask(
            t,
            [&](const tl_effects& e) { return e.source(e.ctx, t, given, expires); },
            [&](std::uint32_t i) { me.effects_asked_.source(i, t, known_part(given), expires); }
        );
    };
    effects_.health =
        [](void* c, std::uint64_t t, tl_view state, tl_view code, tl_view text, std::int64_t until
        ) noexcept {
            auto& me = *static_cast<Hosted*>(c);
            return me.ask(
                t,
                [&](const tl_effects& e) { return e.health(e.ctx, t, state, code, text, until); },
                [&](std::uint32_t i) { me.effects_asked_.health(i, t, state, code, text, until); }
            );
        };
    effects_.answer = [](void* c, std::uint64_t t, const tl_answer* given) noexcept {
        auto& me = *static_cast<Hosted*>(c);
        return me.ask(
            t,
            [&](const tl_effects& e) { return e.answer(e.ctx, t, given); },
            [&](std::uint32_t i) { me.effects_asked_.answer(i, t, known_part(given)); }
        );
    };
    effects_.outcome = [](void* c, std::uint64_t t, const tl_outcome* given) noexcept {
        auto& me = *static_cast<Hosted*>(c);
        return me.ask(
            t,
            [&](const tl_effects& e) { return e.outcome(e.ctx, t, given); },
            [&](std::uint32_t i) { me.effects_asked_.outcome(i, t, known_part(given)); }
        );
    };
    return effects_;
}

void Hosted::lay_out(const frames::Handle& handle) {
    facts_.clear();
    slots_.clear();
    inputs_.clear();
    facts_.reserve(handle.given.size());  // slots point into it
    for (const frames::Given& given : handle.given) {
        tasks::TaskFacts facts;
        facts.id = given.input.task;
        facts.durable_key = given.named ? "named" : "";
        facts.first_kind = given.first_kind;
        facts.first_key = given.first_key;
        facts.seed = given.seed;
        facts.buckets = &buckets_;
        facts_.push_back(std::move(facts));
        tasks::Collector::Slot slot;
        slot.task = &facts_.back();
        slot.asked.last_step = given.last_step;
        slot.asked.answered = given.answered;
        slot.asked.sourced = given.sourced;
        slot.journal_bytes = given.journal_bytes;
        slots_.push_back(std::move(slot));
        inputs_.push_back(given.input);
    }
    effects_asked_.clear();
    crowded_.reset();
}

frames::Reply Hosted::handle(const frames::Handle& handle, std::uint32_t& done) {
    lay_out(handle);
    done = 0;
    done_ = &done;
    const auto count = static_cast<std::uint32_t>(inputs_.size());
    // A task that the host gave up on may not ask for anything.
    const bool cancel = inputs_.front().kind == TL_IN_CANCEL;
    collector_.open(cancel ? std::span<tasks::Collector::Slot>{} : slots_, &done);
    tl_status (*function
    )(tl_instance*, const tl_input*, std::uint32_t, std::uint32_t*, const tl_effects*) =
        table_.handle;
    const auto started = std::chrono::steady_clock::now();
    auto called = plugins::guarded(
        function, object_, inputs_.data(), count, &done, const_cast<const tl_effects*>(&effects_)
    );
    const auto took = std::chrono::steady_clock::now() - started;
    collector_.close();
    const tl_code code = called.escaped.empty() ? plugins::code_of(called.value) : TL_E_INTERNAL;
    if (!crowded_) out_of_memory_ends_it(code, called.escaped);
    escaped_ = std::move(called.escaped);
    frames::Reply reply;
    reply.call = handle.call;
    reply.code = code;
    reply.done = done;
    if (count > 1) reply.crowded = crowded_;
    reply.took_us = static_cast<std::uint64_t>(
        std::chrono::duration_cast<std::chrono::microseconds>(took).count()
    );
    reply.escaped = escaped_;
    reply.effects = effects_asked_.bytes();
    return reply;
}

}  // namespace trunkline::runner
