#pragma once

#include <atomic>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <thread>
#include <vector>

#include <trunkline/abi.h>
#include <trunkline/ext/random.h>

#include "host/tasks/fingerprint.hpp"
#include "host/tasks/task.hpp"

namespace trunkline::tasks {

/// The effects table of a strand. Everything a connector asks for is checked and copied here, once,
/// during `handle` and on the thread that called it; at any other time, and from any other thread,
/// it is refused. What it collects belongs to the inputs of the call and comes to pass only if
/// their input succeeded.
class Collector {
public:
    /// Where one input's effects go. `asked` is a copy: a failed input leaves the task as it was.
    struct Slot {
        TaskFacts* task = nullptr;
        Asked asked;
        Collected collected;
        std::size_t journal_bytes = 0;  ///< with the input at hand
        std::size_t bytes = 0;          ///< copied in this call
        WallMs deadline_ms = 0;         ///< of the task, when it is fed again
        // Re-feeding: what the task asked for before, in order, is recognised and swallowed.
        const std::vector<std::uint64_t>* expected = nullptr;
        std::size_t matched = 0;
        bool diverged = false;
    };

    /// The bytes of a host file by its id, or null when unknown.
    using Files = std::function<std::shared_ptr<const net::FileBytes>(const std::string& file)>;

    Collector(const Setup& setup, const Files& files);
    Collector(const Collector&) = delete;
    Collector& operator=(const Collector&) = delete;

    const tl_effects& table() const noexcept { return table_; }
    const tl_random& random() const noexcept { return random_; }

    /// Lets effects in for `slots`, whose inputs before `*done` are finished, until `close`.
    void open(std::span<Slot> slots, const std::uint32_t* done) noexcept;
    void close() noexcept;

private:
    template <class Effect>
    static tl_status ask(void* context, std::uint64_t task, Effect effect) noexcept;
    static Collector& self(void* context) noexcept { return *static_cast<Collector*>(context); }

    bool entered() const noexcept {
        return caller_.load(std::memory_order_relaxed) == std::this_thread::get_id();
    }
    Slot* slot_of(std::uint64_t task) noexcept;

    tl_status http(Slot& slot, std::uint32_t step, const tl_http* given);
    tl_status form(Slot& slot, std::uint32_t step, tl_view json);
    tl_status timer(Slot& slot, std::uint32_t step, std::int64_t due_ms);
    tl_status get(Slot& slot, std::uint32_t step, std::int32_t scope, tl_view key);
    tl_status put(
        Slot& slot,
        std::int32_t scope,
        tl_view key,
        tl_view value,
        std::int64_t expires_ms,
        std::uint32_t flags
    );
    tl_status item(Slot& slot, const tl_item* given);
    tl_status route(Slot& slot, tl_view account_key, tl_view body);
    tl_status alias(Slot& slot, tl_view conversation, tl_view former);
    tl_status source(Slot& slot, const tl_http* given, std::int64_t expires_ms);
    tl_status health(Slot& slot, tl_view state, tl_view code, tl_view text, std::int64_t until_ms);
    tl_status answer(Slot& slot, const tl_answer* given);
    tl_status outcome(Slot& slot, const tl_outcome* given);
    tl_status fill_random(
        Slot& slot, std::uint32_t index, unsigned char* out, std::uint32_t out_size
    );

    tl_status check_step(const Slot& slot, std::uint32_t step) const noexcept;
    tl_status read_request(
        const tl_http* given, tl_http& http, net::ClientRequest& out, std::uint64_t& bytes
    ) const;
    tl_status check_bucket(const Slot& slot, tl_view bucket) const;
    tl_status read_parts(const tl_http& http, net::ClientRequest& out, std::uint64_t& bytes) const;
    /// The store's key of a connector's key; "" when the scope makes no sense here.
    std::string stored_key(const Slot& slot, std::int32_t scope, tl_view key) const;
    /// True when the effect is to be recorded; false when it was done before, or differs from what
    /// was done.
    bool is_new(Slot& slot, std::uint64_t fingerprint, tl_status& status);

    const Setup& setup_;
    const Files& files_;
    tl_effects table_{};
    tl_random random_{};
    std::atomic<std::thread::id> caller_{};  ///< whose effects are let in; none between calls
    std::span<Slot> slots_;
    const std::uint32_t* done_ = nullptr;
};

}  // namespace trunkline::tasks
