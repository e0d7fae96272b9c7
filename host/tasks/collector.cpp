#include "host/tasks/collector.hpp"

#include <algorithm>
#include <array>

#include <boost/json/parse.hpp>

#include "host/seal/crypto.hpp"
#include "host/tasks/arguments.hpp"

namespace trunkline::tasks {
namespace {

constexpr std::size_t kEffectsMax = 4096;            // of one task in one call
constexpr std::size_t kCallBytesMax = 24ULL << 20U;  // copied for one task in one call
constexpr std::size_t kTextMax = 4096;               // for people
constexpr std::size_t kRawMax = 1ULL << 20U;

}  // namespace

Collector::Collector(const Setup& setup, const Files& files) : setup_{setup}, files_{files} {
    table_.size = sizeof(tl_effects);
    table_.ctx = this;
    table_.http = [](void* c, std::uint64_t t, std::uint32_t step, const tl_http* given) noexcept {
        return ask(c, t, [&](Slot& slot) { return self(c).http(slot, step, given); });
    };
    table_.timer = [](void* c, std::uint64_t t, std::uint32_t step, std::int64_t due) noexcept {
        return ask(c, t, [&](Slot& slot) { return self(c).timer(slot, step, due); });
    };
    table_.get = [](void* c, std::uint64_t t, std::uint32_t step, std::int32_t scope, tl_view key
                 ) noexcept {
        return ask(c, t, [&](Slot& slot) { return self(c).get(slot, step, scope, key); });
    };
    table_.form = [](void* c, std::uint64_t t, std::uint32_t step, tl_view json) noexcept {
        return ask(c, t, [&](Slot& slot) { return self(c).form(slot, step, json); });
    };
    table_.put = [](void* c,
                    std::uint64_t t,
                    std::int32_t scope,
                    tl_view key,
                    tl_view value,
                    std::int64_t expires,
                    std::uint32_t flags) noexcept {
        return ask(c, t, [&](Slot& slot) {
            return self(c).put(slot, scope, key, value, expires, flags);
        });
    };
    table_.item = [](void* c, std::uint64_t t, const tl_item* given) noexcept {
        return ask(c, t, [&](Slot& slot) { return self(c).item(slot, given); });
    };
    table_.route = [](void* c, std::uint64_t t, tl_view key, tl_view body) noexcept {
        return ask(c, t, [&](Slot& slot) { return self(c).route(slot, key, body); });
    };
    table_.alias = [](void* c, std::uint64_t t, tl_view conversation, tl_view former) noexcept {
        return ask(c, t, [&](Slot& slot) { return self(c).alias(slot, conversation, former); });
    };
    table_.source = [](void* c, std::uint64_t t, const tl_http* given, std::int64_t expires
                    ) noexcept {
        return ask(c, t, [&](Slot& slot) { return self(c).source(slot, given, expires); });
    };
    table_.health =
        [](void* c, std::uint64_t t, tl_view state, tl_view code, tl_view text, std::int64_t until
        ) noexcept {
            return ask(c, t, [&](Slot& slot) {
                return self(c).health(slot, state, code, text, until);
            });
        };
    table_.answer = [](void* c, std::uint64_t t, const tl_answer* given) noexcept {
        return ask(c, t, [&](Slot& slot) { return self(c).answer(slot, given); });
    };
    table_.outcome = [](void* c, std::uint64_t t, const tl_outcome* given) noexcept {
        return ask(c, t, [&](Slot& slot) { return self(c).outcome(slot, given); });
    };
    random_.size = sizeof(tl_random);
    random_.ctx = this;
    random_.fill = [](void* c,
                      std::uint64_t t,
                      std::uint32_t index,
                      unsigned char* out,
                      std::uint32_t size) noexcept {
        return ask(c, t, [&](Slot& slot) { return self(c).fill_random(slot, index, out, size); });
    };
}

void Collector::open(std::span<Slot> slots, const std::uint32_t* done) noexcept {
    slots_ = slots;
    done_ = done;
    caller_ = std::this_thread::get_id();
}

void Collector::close() noexcept {
    caller_ = std::thread::id{};
    slots_ = {};
    done_ = nullptr;
}

template <class Effect>
tl_status Collector::ask(void* context, std::uint64_t task, Effect effect) noexcept {
    auto& collector = self(context);
    // The only thing looked at before it is certain that this is the call's own thread.
    if (!collector.entered()) return TL_E_BAD_STATE;
    Slot* const slot = collector.slot_of(task);
    if (slot == nullptr || slot->asked.ended || slot->diverged) return TL_E_BAD_STATE;
    if (slot->bytes > kCallBytesMax || slot->collected.fingerprints.size() >= kEffectsMax)
        return TL_E_LIMIT;
    try {
        return effect(*slot);
    } catch (...) {
        return TL_E_LIMIT;  // out of memory: the host is short of space
    }
}

Collector::Slot* Collector::slot_of(std::uint64_t task) noexcept {
    // Inputs are handled in order, so the one at `*done` is asked for nearly always.
    for (std::size_t i = *done_; i < slots_.size(); ++i) {
        if (slots_[i].task->id == task) return &slots_[i];
    }
    return nullptr;
}

bool Collector::is_new(Slot& slot, std::uint64_t fingerprint, tl_status& status) {
    status = TL_OK;
    if (slot.expected != nullptr && slot.matched < slot.expected->size()) {
        if ((*slot.expected)[slot.matched] == fingerprint) {
            ++slot.matched;
        } else {
            slot.diverged = true;
            status = TL_E_BAD_STATE;
        }
        return false;
    }
    slot.collected.fingerprints.push_back(fingerprint);
    return true;
}

tl_status Collector::check_step(const Slot& slot, std::uint32_t step) const noexcept {
    if (step <= slot.asked.last_step) return TL_E_BAD_INPUT;
    if (step > TL_MAX_STEPS || slot.journal_bytes > TL_MAX_JOURNAL) return TL_E_LIMIT;
    return TL_OK;
}

tl_status Collector::timer(Slot& slot, std::uint32_t step, std::int64_t due_ms) {
    if (const auto status = check_step(slot, step); status != TL_OK) return status;
    Fingerprint print{TL_IN_TIMER};
    print.add(std::uint64_t{step});
    // Not the time: it is reckoned from the clock of an input, which a rebuilt task sees again, but
    // a restarted one does not.
    slot.asked.last_step = step;
    tl_status status = TL_OK;
    if (!is_new(slot, print.value(), status)) return status;
    Step wanted;
    wanted.kind = TL_IN_TIMER;
    wanted.step = step;
    wanted.fingerprint = print.value();
    wanted.due_ms = due_ms;
    slot.collected.steps.push_back(std::move(wanted));
    return TL_OK;
}

tl_status Collector::form(Slot& slot, std::uint32_t step, tl_view json) {
    // Only there is a person who could answer; elsewhere a connector learns it at once instead of
    // waiting for ever.
    if (slot.task->first_kind != TL_IN_CONNECT) return TL_E_UNSUPPORTED;
    if (const auto status = check_step(slot, step); status != TL_OK) return status;
    if (const auto status = check_view(json, TL_MAX_VALUE); status != TL_OK) return status;
    boost::system::error_code bad;
    const auto shown = boost::json::parse(text_of(json), bad);
    if (bad || !shown.is_object()) return TL_E_BAD_INPUT;
    Fingerprint print{TL_IN_FORM};
    print.add(std::uint64_t{step});
    print.add(text_of(json));
    slot.asked.last_step = step;
    tl_status status = TL_OK;
    if (!is_new(slot, print.value(), status)) return status;
    Step wanted;
    wanted.kind = TL_IN_FORM;
    wanted.step = step;
    wanted.fingerprint = print.value();
    wanted.form = text_of(json);
    slot.bytes += json.size;
    slot.collected.steps.push_back(std::move(wanted));
    return TL_OK;
}

std::string Collector::stored_key(const Slot& slot, std::int32_t scope, tl_view key) const {
    std::string owner;
    const TaskFacts& task = *slot.task;
    if (scope == TL_CONNECTOR) {
        owner = setup_.connector.text();
    } else if (scope == TL_ACCOUNT && !setup_.account.empty()) {
        owner = setup_.account.text();
    } else if (scope == TL_CONVERSATION && (task.first_kind == TL_IN_COMMAND || task.first_kind == TL_IN_PROFILE)) {
        owner = setup_.account.text() + '\0' + task.first_key;
    } else {
        return {};
    }
    std::string out(1, static_cast<char>('0' + scope));
    out.push_back('\0');
    out += owner;
    out.push_back('\0');
    out += text_of(key);
    return out;
}

tl_status Collector::get(Slot& slot, std::uint32_t step, std::int32_t scope, tl_view key) {
    if (const auto status = check_step(slot, step); status != TL_OK) return status;
    if (const auto status = check_view(key, TL_MAX_KEY); status != TL_OK) return status;
    Step wanted;
    wanted.kind = TL_IN_STORED;
    wanted.step = step;
    wanted.key = stored_key(slot, scope, key);
    if (wanted.key.empty() || key.size == 0) return TL_E_BAD_INPUT;
    Fingerprint print{TL_IN_STORED};
    print.add(std::uint64_t{step});
    print.add(wanted.key);
    slot.asked.last_step = step;
    tl_status status = TL_OK;
    if (!is_new(slot, print.value(), status)) return status;
    wanted.fingerprint = print.value();
    slot.collected.steps.push_back(std::move(wanted));
    return TL_OK;
}

tl_status Collector::put(
    Slot& slot,
    std::int32_t scope,
    tl_view key,
    tl_view value,
    std::int64_t expires_ms,
    std::uint32_t flags
) {
    if (const auto status = check_view(key, TL_MAX_KEY); status != TL_OK) return status;
    if (const auto status = check_view(value, TL_MAX_VALUE); status != TL_OK) return status;
    if (key.size == 0 || expires_ms < 0 || (flags & ~std::uint32_t{TL_PUT_SECRET}) != 0)
        return TL_E_BAD_INPUT;
    std::string row = stored_key(slot, scope, key);
    if (row.empty()) return TL_E_BAD_INPUT;
    Fingerprint print{128};
    print.add(row);
    print.add(text_of(value));
    print.add(std::uint64_t{flags});
    tl_status status = TL_OK;
    if (!is_new(slot, print.value(), status)) return status;
    slot.bytes += row.size() + value.size;
    if (value.size == 0) {
        slot.collected.durable.erase.push_back({store::Table::plugin, std::move(row)});
        return TL_OK;
    }
    // The first byte keeps the flags, so that whoever lists rows knows what must never be shown.
    std::string kept(1, static_cast<char>(flags));
    kept += text_of(value);
    slot.collected.durable.put.push_back(
        {store::Table::plugin, std::move(row), std::move(kept), expires_ms}
    );
    return TL_OK;
}

tl_status Collector::item(Slot& slot, const tl_item* given) {
    tl_item item;
    if (!read_sized(given, item)) return TL_E_BAD_INPUT;
    for (const auto& [view, most] :
         {std::pair{item.conversation, std::uint64_t{TL_MAX_KEY}},
          {item.dedup, TL_MAX_KEY},
          {item.json, TL_MAX_ITEM},
          {item.raw, kRawMax},
          {item.note, TL_MAX_NOTE}}) {
        if (const auto status = check_view(view, most); status != TL_OK) return status;
    }
    if (item.json.size == 0 ||
        (item.flags & ~std::uint32_t{TL_ITEM_OUTGOING | TL_ITEM_HISTORY}) != 0)
        return TL_E_BAD_INPUT;
    Fingerprint print{129};
    print.add(std::uint64_t{item.flags});
    for (const tl_view view : {item.conversation, item.dedup, item.json, item.raw, item.note})
        print.add(text_of(view));
    tl_status status = TL_OK;
    if (!is_new(slot, print.value(), status)) return status;
    Item kept;
    kept.flags = item.flags;
    kept.conversation = text_of(item.conversation);
    kept.dedup = text_of(item.dedup);
    kept.json = text_of(item.json);
    kept.raw = text_of(item.raw);
    if (item.note.size > 0) kept.note = text_of(item.note);
    slot.bytes += kept.json.size() + kept.raw.size() + TL_MAX_KEY;
    slot.collected.durable.items.push_back(std::move(kept));
    return TL_OK;
}

tl_status Collector::route(Slot& slot, tl_view account_key, tl_view body) {
    if (setup_.scope != TL_CONNECTOR) return TL_E_BAD_INPUT;
    if (const auto status = check_view(account_key, TL_MAX_KEY); status != TL_OK) return status;
    if (const auto status = check_view(body, kRawMax); status != TL_OK) return status;
    if (account_key.size == 0) return TL_E_BAD_INPUT;
    Fingerprint print{130};
    print.add(text_of(account_key));
    print.add(text_of(body));
    tl_status status = TL_OK;
    if (!is_new(slot, print.value(), status)) return status;
    slot.bytes += body.size;
    slot.collected.durable.routes.push_back(
        {std::string{text_of(account_key)}, std::string{text_of(body)}}
    );
    return TL_OK;
}

tl_status Collector::alias(Slot& slot, tl_view conversation, tl_view former) {
    for (const tl_view view : {conversation, former}) {
        if (const auto status = check_view(view, TL_MAX_KEY); status != TL_OK) return status;
        if (view.size == 0) return TL_E_BAD_INPUT;
    }
    Fingerprint print{131};
    print.add(text_of(conversation));
    print.add(text_of(former));
    tl_status status = TL_OK;
    if (!is_new(slot, print.value(), status)) return status;
    slot.collected.durable.aliases.push_back(
        {std::string{text_of(conversation)}, std::string{text_of(former)}}
    );
    return TL_OK;
}

tl_status Collector::health(
    Slot& slot, tl_view state, tl_view code, tl_view text, std::int64_t until_ms
) {
    for (const tl_view view : {state, code, text}) {
        if (const auto status = check_view(view, kTextMax); status != TL_OK) return status;
    }
    const std::string_view word = text_of(state);
    constexpr std::array<std::string_view, 7> kWords{
        "ok", "degraded", "broken", "blocked", "in_review", "conflict", "rate_limited"};
    const bool known = std::ranges::find(kWords, word) != kWords.end();
    if (!known || !is_code(text_of(code)) || until_ms < 0) return TL_E_BAD_INPUT;
    Fingerprint print{132};
    for (const tl_view view : {state, code, text})
        print.add(text_of(view));
    tl_status status = TL_OK;
    if (!is_new(slot, print.value(), status)) return status;
    slot.collected.durable.health.push_back(
        {std::string{word}, std::string{text_of(code)}, std::string{text_of(text)}, until_ms}
    );
    return TL_OK;
}

tl_status Collector::outcome(Slot& slot, const tl_outcome* given) {
    tl_outcome outcome;
    if (!read_sized(given, outcome)) return TL_E_BAD_INPUT;
    if (outcome.kind < TL_DONE || outcome.kind > TL_DEGRADE || outcome.scope > TL_CONNECTOR)
        return TL_E_BAD_INPUT;
    if (const auto status = check_view(outcome.value, TL_MAX_VALUE); status != TL_OK) return status;
    if (const auto status = check_view(outcome.code, kTextMax); status != TL_OK) return status;
    if (const auto status = check_view(outcome.text, kTextMax); status != TL_OK) return status;
    if (!is_code(text_of(outcome.code))) return TL_E_BAD_INPUT;
    Fingerprint print{133};
    print.add(static_cast<std::uint64_t>(outcome.kind));
    print.add(text_of(outcome.value));
    print.add(text_of(outcome.code));
    tl_status status = TL_OK;
    if (!is_new(slot, print.value(), status)) {
        slot.asked.ended = status == TL_OK;
        return status;
    }
    Outcome kept;
    kept.kind = static_cast<tl_outcome_kind>(outcome.kind);
    kept.delay = std::chrono::milliseconds{outcome.delay_ms};
    kept.scope = static_cast<tl_scope>(outcome.scope);
    kept.value = text_of(outcome.value);
    kept.code = text_of(outcome.code);
    kept.text = text_of(outcome.text);
    slot.asked.ended = true;
    slot.collected.durable.outcome = std::move(kept);
    return TL_OK;
}

tl_status Collector::fill_random(
    Slot& slot, std::uint32_t index, unsigned char* out, std::uint32_t out_size
) {
    if (out_size > TL_RANDOM_MAX) return TL_E_LIMIT;
    if (out == nullptr && out_size > 0) return TL_E_BAD_INPUT;
    std::string& seed = slot.task->seed;
    if (seed.empty()) seed = seal::random_bytes(32);
    for (std::uint32_t block = 0; block * 32U < out_size; ++block) {
        const std::uint32_t position[2] = {index, block};
        const std::string bytes =
            seal::hmac_sha256(seed, {reinterpret_cast<const char*>(position), sizeof position});
        std::memcpy(
            out + block * 32U,
            bytes.data(),
            std::min<std::size_t>(bytes.size(), out_size - block * 32U)
        );
    }
    return TL_OK;
}

}  // namespace trunkline::tasks
