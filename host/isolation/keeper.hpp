#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <deque>
#include <list>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>

#include <boost/asio/posix/stream_descriptor.hpp>
#include <boost/asio/steady_timer.hpp>

#include "host/async/blocking_pool.hpp"
#include "host/async/loops.hpp"
#include "host/async/signal.hpp"
#include "host/frames/frames.hpp"
#include "host/frames/transport.hpp"
#include "host/isolation/child.hpp"
#include "host/plugins/generation.hpp"

namespace trunkline::isolation {

/// What one connector's children may take.
struct Limits {
    std::uint64_t memory_max = 1ULL << 30U;         ///< bytes of address space
    std::chrono::milliseconds reply_within{5'000};  ///< of one call; then it counts as hung
};

/// What is counted of a connector's children, over all of them. `[any]`
struct Tally {
    std::atomic<std::uint64_t> starts{0};   ///< children that were ready to serve
    std::atomic<std::uint64_t> deaths{0};   ///< also of those that never were
    std::atomic<std::uint64_t> hangs{0};    ///< deaths by our hand, for want of an answer
    std::atomic<std::uint64_t> refused{0};  ///< forbidden system calls
};

/// How one child is, for people.
struct ChildStatus {
    std::string connector;
    std::uint64_t generation = 0;
    std::size_t loop = 0;
    int pid = 0;        ///< 0 = none at the moment
    std::string state;  ///< "starting", "serving", "waiting" (to be restarted), "down"
    std::uint64_t starts = 0, deaths = 0;
    std::string last_death;  ///< "" = none yet
};

/// The same, shared with whoever lists children. `[any]`
struct Shown {
    mutable std::mutex mutex;
    ChildStatus status;

    ChildStatus read() const {
        const std::lock_guard lock{mutex};
        return status;
    }
};

/// What one keeper leaves to the next of the same generation and loop, so that making account after
/// account does not try again and again what has just failed. On that loop.
struct History {
    std::deque<std::chrono::steady_clock::time_point> deaths;  ///< of the last minute
    std::chrono::steady_clock::time_point next_attempt{};
    std::string last_death;
};

/// Whom lines and questions of an instance go to. On the keeper's loop.
class Tenant {
public:
    virtual ~Tenant() = default;
    virtual void said(std::int32_t level, std::string_view text) = 0;
    virtual bool has_file(const std::string& file) = 0;
    /// `text` without the secrets of its account.
    virtual std::string redact(std::string_view text) const = 0;
};

/// Keeps one child alive: starts it, hands it frames, notices its death, starts the next one after
/// a pause that grows with the deaths of the last minute. One loop.
class Keeper final : public std::enable_shared_from_this<Keeper> {
public:
    struct Services {
        async::Loop& loop;
        async::BlockingPool& pool;
        std::size_t loop_index = 0;
    };
    Keeper(
        std::shared_ptr<plugins::Generation> generation,
        std::string runner,
        Limits limits,
        std::shared_ptr<Tally> tally,
        std::shared_ptr<Shown> shown,
        std::shared_ptr<History> history,
        Services services
    );
    ~Keeper();

    void begin();
    /// Nobody wants it any more: the child is killed. Also when the loop no longer runs.
    void retire();

    /// The child that serves now, numbered from 1; 0 = none.
    std::uint64_t life() const noexcept { return serving_ ? life_ : 0; }

    /// Waits for a child that serves and returns its number. While there were too many deaths and
    /// the next attempt is still to come it fails at once with `unavailable` and how long that
    /// takes, unless `patient`. `cancelled` when `given_up` became true and `wake` was called.
    async::Awaitable<Result<std::uint64_t>> alive(bool patient, const bool& given_up);
    void wake();

    /// What became of a call.
    struct Answer {
        std::optional<std::string> frame;  ///< absent: the child died
        std::string reason;                ///< of its death
        bool working = false;              ///< it died at this call...
        std::uint32_t done = 0;            ///< ... when so many inputs were done
    };
    std::uint64_t next_call() noexcept { return ++last_call_; }
    /// Sends `frame`, in which `call` stands, and waits for the answer or the end of the child.
    async::Awaitable<Answer> ask(std::uint64_t call, std::string frame);
    /// The same, but nobody waits.
    void ask_blindly(std::uint64_t call, std::string frame);
    /// Sends a frame that is not answered.
    void tell(std::string frame);

    std::uint64_t admit(Tenant& tenant);  ///< the number of its instance
    void dismiss(std::uint64_t instance);

    const plugins::Generation& generation() const noexcept { return *generation_; }

private:
    using Clock = std::chrono::steady_clock;
    struct Call {
        std::uint64_t id = 0;
        bool waited_for = false;
        bool ended = false;
        Answer answer;
        async::Signal signal;
    };

    async::Awaitable<> keep();
    async::Awaitable<std::string> live(Child& child);
    async::Awaitable<bool> greet(Child& child, std::string& wrong);
    async::Awaitable<std::optional<std::string_view>> next_frame();
    bool take(Child& child, std::string_view frame);
    bool take_answer(std::uint64_t call, std::string_view frame);
    bool count(std::string_view frame);
    void send(std::string frame);
    void send_waiting();
    void end_calls(const Child& child, const std::string& reason);
    void watch();
    void kill(std::string why);
    void note_refused(const Child& child);
    void fell(std::string reason);
    std::size_t recent_deaths() const;
    void forget_old_deaths();
    void show(const char* state, int pid);

    const std::shared_ptr<plugins::Generation> generation_;
    const std::string runner_;
    const Limits limits_;
    const std::shared_ptr<Tally> tally_;
    const std::shared_ptr<Shown> shown_;
    const std::shared_ptr<History> history_;
    async::Loop& loop_;
    async::BlockingPool& pool_;
    const tl_host& host_;  ///< of the generation on this loop

    bool retired_ = false;
    bool serving_ = false;
    std::uint64_t life_ = 0;
    std::uint64_t last_call_ = 0;
    std::uint64_t last_instance_ = 0;
    std::map<std::uint64_t, Tenant*> tenants_;
    std::list<async::Signal> waiting_;  ///< for a child, or for this to end

    // Of the child at hand.
    const Child* child_ = nullptr;
    std::optional<async::net::posix::stream_descriptor> socket_;
    frames::Inbox inbox_;
    std::deque<std::shared_ptr<Call>> calls_;  ///< in the order in which they are answered
    std::deque<std::string> unsent_;
    bool sending_ = false;
    std::uint64_t epoch_ = 0;    ///< of children, ready or not
    std::uint32_t unasked_ = 0;  ///< frames since anything was asked
    int frames_in_turn_ = 0;
    std::string killed_because_;  ///< "" = it was not us
    std::uint32_t refused_seen_ = 0;
    async::net::steady_timer limit_;  ///< of the call at the front
    std::uint64_t watched_ = 0;       ///< tells a limit that came too late from the present one

    async::net::steady_timer pause_;
};

}  // namespace trunkline::isolation
