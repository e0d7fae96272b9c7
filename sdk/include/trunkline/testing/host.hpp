#pragma once

#include <algorithm>
#include <cstdint>
#include <deque>
#include <map>
#include <numeric>
#include <optional>
#include <span>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <trunkline/abi.h>
#include <trunkline/ext/crypto.h>
#include <trunkline/ext/metrics.h>
#include <trunkline/ext/random.h>
#include <trunkline/testing/behaviour.hpp>
#include <trunkline/testing/digest.hpp>
#include <trunkline/testing/guarded.hpp>
#include <trunkline/testing/input.hpp>
#include <trunkline/testing/recorder.hpp>

namespace trunkline::inline face::testing {

/// What the instance under test is made from.
struct Account {
    std::string settings = "{}";   ///< JSON object
    std::string connector = "{}";  ///< JSON object
    std::string name = "test";
    std::string hook_url = "https://hub.example/hooks/test";
    tl_scope scope = TL_ACCOUNT;
};

/// A host in memory for one instance. Inputs are pushed in, effects pulled out; nothing happens by
/// itself. Keeps a journal, so that reload() can rebuild the instance at any moment as a host does.
/// One thread.
class TestHost {
public:
    TestHost(const tl_plugin& plugin, Account account, Behaviour behaviour = {})
        : plugin_{&plugin},
          account_{std::move(account)},
          behaviour_{std::move(behaviour)},
          recorder_{[this] { return sync(); }} {
        recorder_.in_effect = behaviour_.in_effect;
        host_.size = sizeof(tl_host);
        host_.abi_minor = TL_ABI_MINOR;
        host_.ctx = this;
        host_.product_version = raw("test");
        host_.log = [](void* ctx, std::int32_t, tl_view text) noexcept {
            static_cast<TestHost*>(ctx)->log_.emplace_back(view(text));
        };
        host_.extension = [](void* ctx, tl_view id) noexcept -> const void* {
            return static_cast<TestHost*>(ctx)->extension(view(id));
        };
        random_.size = sizeof(tl_random);
        random_.ctx = this;
        random_.fill = &TestHost::fill;
        metrics_table_.size = sizeof(tl_metrics);
        metrics_table_.ctx = this;
        metrics_table_.count = [](void* ctx, tl_view name, std::uint64_t by) noexcept {
            return static_cast<TestHost*>(ctx)->change(
                view(name), false, static_cast<std::int64_t>(by)
            );
        };
        metrics_table_.gauge = [](void* ctx, tl_view name, std::int64_t value) noexcept {
            return static_cast<TestHost*>(ctx)->change(view(name), true, value);
        };
        if (behaviour_.guard_tables) {
            placed_host_.emplace(host_, behaviour_.tail);
            placed_crypto_.emplace(*behaviour_.crypto, behaviour_.tail);
            placed_random_.emplace(random_, behaviour_.tail);
            placed_metrics_.emplace(metrics_table_, behaviour_.tail);
        }
        created_ = create(behaviour_.state);
    }
    TestHost(const TestHost&) = delete;
    TestHost& operator=(const TestHost&) = delete;
    ~TestHost() { destroy(); }

    /// What `create` returned.
    tl_status created() const noexcept { return created_; }

    void set_clock(std::int64_t ms) noexcept { now_ms_ = ms; }

    /// Hands the inputs in as one batch and goes on behind each that fails. Returns one status for
    /// each input.
    std::vector<tl_status> feed(std::vector<Input> batch) {
        const std::size_t first = journal_.size();
        std::vector<std::size_t> places(batch.size());
        std::iota(places.begin(), places.end(), first);
        for (Input& input : batch) {
            if (input.at_ms == 0) input.at_ms = now_ms_;
            journal_.push_back(input);
        }
        statuses_.resize(journal_.size(), TL_OK);
        run(batch, places);
        return {statuses_.begin() + static_cast<std::ptrdiff_t>(first), statuses_.end()};
    }
    tl_status feed(Input input) {
        std::vector<Input> batch;
        batch.push_back(std::move(input));
        return feed(std::move(batch)).front();
    }

    /// What was asked for so far, oldest first; effects of failed inputs are not there.
    const std::vector<Effect>& effects() const noexcept { return recorder_.effects; }
    /// The latest effect of that kind; throws when there is none.
    const Effect& latest(std::string_view kind) const {
        for (auto effect = recorder_.effects.rbegin(); effect != recorder_.effects.rend();
             ++effect) {
            if (effect->kind == kind) return *effect;
        }
        throw std::runtime_error{"no effect of kind " + std::string{kind}};
    }
    /// Every effect and every status but TL_OK, one canonical line each, in order of the inputs.
    std::vector<std::string> transcript() const {
        std::vector<std::string> lines;
        auto effect = recorder_.effects.begin();
        for (std::size_t i = 0; i < journal_.size(); ++i) {
            for (; effect != recorder_.effects.end() && effect->input == i; ++effect) {
                lines.push_back(effect->text());
            }
            if (statuses_[i] != TL_OK) {
                lines.push_back(json::serialize(json::object{{"input", i}, {"status", statuses_[i]}}
                ));
            }
        }
        return lines;
    }
    /// Breaches of the contract by the connector; a test expects none.
    const std::vector<std::string>& faults() const noexcept { return faults_; }
    const std::vector<std::string>& log() const noexcept { return log_; }
    /// A figure of the connector's own (trunkline.metrics/1); 0 when it was never named.
    std::int64_t metric(std::string_view name) const {
        const auto found = metrics_.find(name);
        return found == metrics_.end() ? 0 : found->second.value;
    }
    bool open(std::uint64_t task) const {
        const auto found = recorder_.tasks.find(task);
        return found != recorder_.tasks.end() && !found->second.ended;
    }

    /// Refuses the effect with this index (counted over the whole run) with TL_E_LIMIT.
    void refuse_effect(std::size_t index) noexcept { recorder_.refuse_at = index; }

    /// What every host refused of what was asked for.
    const std::vector<Recorder::Refusal>& refusals() const noexcept { return recorder_.refusals; }
    /// One status for each input so far.
    const std::vector<tl_status>& statuses() const noexcept { return statuses_; }
    /// Steps of a task that wait for an answer.
    std::vector<std::uint32_t> pending(std::uint64_t task) const {
        const auto found = recorder_.tasks.find(task);
        if (found == recorder_.tasks.end() || found->second.ended) return {};
        return {found->second.pending.begin(), found->second.pending.end()};
    }

    /// What the instance saves; empty when it has no `save`. Breaches are added to faults().
    std::string save() {
        if (!TL_HAS(plugin_, tl_plugin, save)) return {};
        struct Saved {
            std::string bytes;
            int calls = 0;
        } saved;
        const tl_status status = plugin_->save(instance_, &saved, [](void* ctx, tl_view bytes) {
            static_cast<Saved*>(ctx)->bytes.assign(view(bytes));
            ++static_cast<Saved*>(ctx)->calls;
        });
        if (status != TL_OK) faults_.push_back("save: " + std::to_string(status));
        if (saved.calls > 1) faults_.emplace_back("save called its sink more than once");
        if (saved.bytes.size() > TL_MAX_VALUE) faults_.emplace_back("save gave more than 64 KiB");
        return std::move(saved.bytes);
    }

    /// Ends the instance, makes another one from what it saved, and feeds the inputs of the open
    /// tasks again. What they ask for then must be what they asked for at first: the host would
    /// swallow it. Differences are added to faults().
    void reload() {
        const std::string state = save();
        destroy();
        made_anew(create(state));
    }

    /// The same when what was saved is lost. The next instance is made before the last one ends, as
    /// a host does that replaces a library while messages flow.
    void reload_without_state() {
        tl_instance* const former = std::exchange(instance_, nullptr);
        const tl_status status = create({});
        plugin_->destroy(former);
        made_anew(status);
    }

private:
    void made_anew(tl_status status) {
        created_ = status;
        if (created_ != TL_OK) faults_.push_back("create after save: " + std::to_string(created_));
        if (created_ == TL_OK) refeed();
    }

    const void* extension(std::string_view id) const noexcept {
        if (!behaviour_.extensions) return nullptr;
        const auto table = [](const auto& placed, const auto* plain) -> const void* {
            return placed ? placed->get() : plain;
        };
        if (id == TL_EXT_CRYPTO) return table(placed_crypto_, behaviour_.crypto);
        if (id == TL_EXT_METRICS) return table(placed_metrics_, &metrics_table_);
        return id == TL_EXT_RANDOM ? table(placed_random_, &random_) : nullptr;
    }

    bool strict() const noexcept {
        return behaviour_.guard_tables || behaviour_.guard_ends || behaviour_.revoke;
    }
    Place table_place() const noexcept {
        return behaviour_.guard_tables ? Place::at_end : Place::at_start;
    }
    Place place() const noexcept { return behaviour_.guard_ends ? Place::at_end : Place::at_start; }

    tl_status create(std::string_view state) {
        tl_setup setup{
            sizeof(tl_setup),
            account_.scope,
            raw(account_.name),
            raw(account_.connector),
            raw(account_.settings),
            raw(account_.hook_url),
            raw(state),
            behaviour_.state_schema.value_or(plugin_->state_schema),
            0};
        const tl_host* const host = placed_host_ ? placed_host_->get() : &host_;
        if (!strict()) return plugin_->create(host, &setup, &instance_);
        std::vector<GuardedBytes> texts;
        for (tl_view* text :
             {&setup.name,
              &setup.connector_json,
              &setup.settings_json,
              &setup.hook_url,
              &setup.state}) {
            if (text->size > 0) text->data = texts.emplace_back(view(*text), 1, place()).data();
        }
        const PlacedTable<tl_setup> placed{setup, behaviour_.tail};
        const tl_setup* const lent = behaviour_.guard_tables ? placed.get() : &setup;
        const tl_status status = plugin_->create(host, lent, &instance_);
        if (behaviour_.revoke) {
            for (GuardedBytes& text : texts) {
                text.revoke();
                revoked_.push_back(std::move(text));
            }
        }
        return status;
    }

    void destroy() noexcept {
        if (instance_ != nullptr) plugin_->destroy(std::exchange(instance_, nullptr));
    }

    /// Calls `handle` until every input is settled. `places` are their indices in the journal.
    void run(std::span<const Input> batch, std::span<const std::size_t> places) {
        while (!batch.empty()) {
            const std::size_t settled =
                call(batch.first(std::min<std::size_t>(batch.size(), TL_MAX_BATCH)), places);
            batch = batch.subspan(settled);
            places = places.subspan(settled);
        }
    }

    /// One call of `handle`; returns how many inputs are settled by it.
    std::size_t call(std::span<const Input> batch, std::span<const std::size_t> places) {
        batch_ = batch;
        places_ = places;
        begun_ = 0;
        done_ = 0;
        const tl_status status = strict() ? call_guarded(batch) : call_plain(batch);
        sync();
        if (status == TL_OK) {
            if (done_ != batch.size())
                faults_.emplace_back("TL_OK, but *done is not the whole batch");
            ended_well(batch.back());
            return batch.size();
        }
        if (done_ >= batch.size()) {
            faults_.emplace_back("a failure, but *done is the whole batch");
            return batch.size();
        }
        failed(batch[done_], places[done_], status);
        return done_ + std::size_t{1};
    }

    tl_status call_plain(std::span<const Input> batch) {
        const LentBatch lent{batch};
        return plugin_->handle(instance_, lent.data(), lent.size(), &done_, &recorder_.table());
    }

    tl_status call_guarded(std::span<const Input> batch) {
        GuardedBatch& lent = lent_.emplace_back(batch, place());
        PlacedTable<tl_effects>& table =
            lent_effects_.emplace_back(recorder_.table(), behaviour_.tail, table_place());
        const tl_status status =
            plugin_->handle(instance_, lent.data(), lent.size(), &done_, table.get());
        if (behaviour_.revoke) {
            lent.revoke();
            table.bytes().revoke();
        }
        return status;
    }

    /// Catches up with *done: inputs before it have ended well, the one at it is being handled.
    std::size_t sync() {
        for (; begun_ < batch_.size() && begun_ <= done_; ++begun_) {
            if (begun_ > 0) ended_well(batch_[begun_ - 1]);
            began(batch_[begun_], places_[begun_]);
        }
        return current_;
    }

    void began(const Input& input, std::size_t index) {
        current_ = index;
        if (input.kind < TL_IN_HTTP_REPLY) {
            recorder_.tasks[input.task] = {.kind = input.kind, .pending = {}};
        } else if (const auto found = recorder_.tasks.find(input.task);
                   found != recorder_.tasks.end()) {
            found->second.pending.erase(input.step);
        }
    }

    void ended_well(const Input& input) {
        const auto found = recorder_.tasks.find(input.task);
        if (found == recorder_.tasks.end()) return;
        Recorder::TaskState& state = found->second;
        if (input.kind == TL_IN_CANCEL) state.ended = true;
        if (state.ended || !state.pending.empty()) return;
        const bool inbound = state.kind <= TL_IN_REPLAY;
        if (!inbound)
            faults_.push_back("task " + std::to_string(input.task) + " ended without an outcome");
        state.ended = true;
    }

    void failed(const Input& input, std::size_t index, tl_status status) {
        statuses_[index] = status;
        std::erase_if(recorder_.effects, [&](const Effect& effect) {
            return effect.input == index;
        });
        if (status != TL_E_BAD_STATE) recorder_.tasks[input.task].ended = true;
    }

    void refeed() {
        std::vector<Input> again;
        std::vector<std::size_t> places;
        for (std::size_t i = 0; i < journal_.size(); ++i) {
            if (!open(journal_[i].task) || statuses_[i] != TL_OK) continue;
            again.push_back(journal_[i]);
            again.back().flags |= std::uint32_t{TL_INPUT_REPLAYED};
            places.push_back(i);
        }
        const std::vector<Effect> before = std::exchange(recorder_.effects, {});
        const auto tasks = recorder_.tasks;
        const std::vector<tl_status> statuses = statuses_;
        run(again, places);
        std::vector<std::string> expected, got;
        for (const Effect& effect : before) {
            if (std::ranges::binary_search(places, effect.input)) expected.push_back(effect.text());
        }
        for (const Effect& effect : recorder_.effects)
            got.push_back(effect.text());
        if (expected != got)
            faults_.push_back(
                "re-fed tasks diverged after " + std::to_string(journal_.size()) + " inputs"
            );
        if (statuses != statuses_)
            faults_.emplace_back("an input that was handled before failed when fed again");
        recorder_.effects = before;
        recorder_.tasks = tasks;
        statuses_ = statuses;
    }

    static tl_status fill(
        void* ctx, std::uint64_t task, std::uint32_t index, unsigned char* out, std::uint32_t size
    ) noexcept {
        if (size > TL_RANDOM_MAX) return TL_E_LIMIT;
        const std::uint64_t seed = static_cast<TestHost*>(ctx)->behaviour_.random_seed;
        for (std::uint32_t i = 0; i < size; ++i) {
            out[i] = static_cast<unsigned char>(seed * 57 + task * 131 + index * 31 + i * 7);
        }
        return TL_OK;
    }

    tl_status change(std::string_view name, bool gauge, std::int64_t value) {
        const auto lower = [](char c) { return c >= 'a' && c <= 'z'; };
        const bool good = !name.empty() && name.size() <= TL_METRIC_NAME_MAX &&
                          lower(name.front()) && std::ranges::all_of(name, [&](char c) {
                              return lower(c) || (c >= '0' && c <= '9') || c == '_';
                          });
        if (!good) return TL_E_BAD_INPUT;
        auto found = metrics_.find(name);
        if (found == metrics_.end()) {
            if (metrics_.size() == TL_METRICS_MAX) return TL_E_LIMIT;
            found = metrics_.emplace(std::string{name}, Metric{gauge, 0}).first;
        }
        if (found->second.gauge != gauge) return TL_E_BAD_STATE;
        found->second.value = gauge ? value : found->second.value + value;
        return TL_OK;
    }

    struct Metric {
        bool gauge;
        std::int64_t value;
    };

    const tl_plugin* plugin_;
    Account account_;
    Behaviour behaviour_;
    std::span<const Input> batch_;
    std::span<const std::size_t> places_;
    std::size_t begun_ = 0;    ///< inputs of the batch seen as begun
    std::size_t current_ = 0;  ///< place of the input being handled
    std::uint32_t done_ = 0;
    Recorder recorder_;
    tl_host host_{};
    tl_random random_{};
    tl_metrics metrics_table_{};
    std::map<std::string, Metric, std::less<>> metrics_;
    std::optional<PlacedTable<tl_host>> placed_host_;
    std::optional<PlacedTable<tl_crypto>> placed_crypto_;
    std::optional<PlacedTable<tl_random>> placed_random_;
    std::optional<PlacedTable<tl_metrics>> placed_metrics_;
    std::deque<GuardedBatch> lent_;  ///< kept: what was revoked must not be reused
    std::deque<PlacedTable<tl_effects>> lent_effects_;
    std::vector<GuardedBytes> revoked_;
    tl_instance* instance_ = nullptr;
    tl_status created_ = TL_E_INTERNAL;
    std::int64_t now_ms_ = 1'700'000'000'000;
    std::vector<Input> journal_;
    std::vector<tl_status> statuses_;
    std::vector<std::string> log_, faults_;
};

}  // namespace trunkline::inline face::testing
