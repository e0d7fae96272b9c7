#include "host/isolation/keeper.hpp"

#include <algorithm>
#include <chrono>

#include <fcntl.h>
#include <spdlog/spdlog.h>
#include <trunkline/ext/features.h>

#include "host/async/spawn.hpp"
#include "host/isolation/death.hpp"

// GCC 12 inlines only the first half of the pair of functions that a coroutine frame is allocated
// by, and takes the other for a stranger.
#pragma GCC diagnostic ignored "-Wmismatched-new-delete"

namespace trunkline::isolation {
namespace {

using std::chrono::milliseconds;

constexpr milliseconds kGreeting{4'000};  // two seconds to load, two for its self-check
constexpr milliseconds kPauseFirst{100};
constexpr milliseconds kPauseMax{30'000};
constexpr std::chrono::seconds kRemembered{60};  // deaths before that are forgiven
constexpr std::size_t kDeathsMax = 5;            // of those remembered; then the circuit is open

}  // namespace

Keeper::Keeper(
    std::shared_ptr<plugins::Generation> generation,
    std::string runner,
    Limits limits,
    std::shared_ptr<Tally> tally,
    std::shared_ptr<Shown> shown,
    std::shared_ptr<History> history,
    Services services
)
    : generation_{std::move(generation)},
      runner_{std::move(runner)},
      limits_{limits},
      tally_{std::move(tally)},
      shown_{std::move(shown)},
      history_{std::move(history)},
      loop_{services.loop},
      pool_{services.pool},
      host_{generation_->host_for(services.loop_index)},
      limit_{loop_},
      pause_{loop_} {
    const std::lock_guard lock{shown_->mutex};
    shown_->status.connector = generation_->manifest().id.text();
    shown_->status.generation = generation_->number();
    shown_->status.loop = services.loop_index;
    shown_->status.state = "starting";
}

Keeper::~Keeper() = default;

void Keeper::begin() {
    async::spawn(
        loop_.get_executor(),
        "isolation " + generation_->label(),
        [self = shared_from_this()]() -> async::Awaitable<> { co_await self->keep(); }
    );
}

void Keeper::retire() {
    if (std::exchange(retired_, true)) return;
    // Its end is read from its socket, by the coroutine that keeps it.
    if (child_ != nullptr) child_->kill();
    pause_.cancel();
    wake();
}

void Keeper::wake() {
    for (async::Signal& signal : waiting_)
        signal.notify();
}

void Keeper::show(const char* state, int pid) {
    const std::lock_guard lock{shown_->mutex};
    shown_->status.state = state;
    shown_->status.pid = pid;
    shown_->status.last_death = history_->last_death;
}

std::uint64_t Keeper::admit(Tenant& tenant) {
    tenants_.emplace(++last_instance_, &tenant);
    return last_instance_;
}

void Keeper::dismiss(std::uint64_t instance) {
    tenants_.erase(instance);
}

void Keeper::forget_old_deaths() {
    const auto now = Clock::now();
    while (!history_->deaths.empty() && now - history_->deaths.front() > kRemembered)
        history_->deaths.pop_front();
}

std::size_t Keeper::recent_deaths() const {
    const auto now = Clock::now();
    return static_cast<std::size_t>(std::ranges::count_if(history_->deaths, [&](const auto& at) {
        return now - at <= kRemembered;
    }));
}

async::Awaitable<Result<std::uint64_t>> Keeper::alive(bool patient, const bool& given_up) {
    const auto self = shared_from_this();
    for (;;) {
        if (retired_ || given_up)
            co_return Error{Fault::cancelled, generation_->label() + " is no longer wanted"};
        if (serving_) co_return life_;
        const auto left = std::chrono::ceil<milliseconds>(history_->next_attempt - Clock::now());
        if (!patient && recent_deaths() >= kDeathsMax && left.count() > 0)
            co_return Error{
                Fault::unavailable,
                generation_->label() + " failed " + std::to_string(recent_deaths()) +
                    " times within a minute, last: " + history_->last_death,
                left};
        const auto mine = waiting_.emplace(waiting_.end());
        co_await mine->wait();
        waiting_.erase(mine);
    }
}

// From the first child to the last.
async::Awaitable<> Keeper::keep() {
    while (!retired_) {
        pause_.expires_at(history_->next_attempt);
        [[maybe_unused]] auto [error] = co_await pause_.async_wait(async::kAsTuple);
        if (retired_) break;
        show("starting", 0);
        // Named: GCC 12 destroys a temporary twice when it is the argument of an awaited call.
        auto start = [this] {
            return Child::start(runner_, generation_->library(), limits_.memory_max);
        };
        auto child = co_await pool_.run(start);
        std::string reason;
        if (child) {
            std::string ended = co_await live(*child);
            reason = std::move(ended);
        } else {
            reason = child.error().context;
        }
        if (retired_) break;
        fell(reason);
        wake();  // who is not patient learns that it takes longer
    }
    show("ended", 0);
    wake();
}

void Keeper::fell(std::string reason) {
    // Its last words are whatever it printed.
    for (const auto& [number, tenant] : tenants_)
        reason = tenant->redact(reason);
    forget_old_deaths();
    history_->deaths.push_back(Clock::now());
    ++tally_->deaths;
    history_->last_death = reason;
    auto pause = kPauseFirst;
    for (std::size_t i = 1; i < history_->deaths.size() && pause < kPauseMax; ++i)
        pause *= 2;
    pause = std::min(pause, kPauseMax);
    history_->next_attempt = Clock::now() + pause;
    const bool open = history_->deaths.size() >= kDeathsMax;
    {
        const std::lock_guard lock{shown_->mutex};
        ++shown_->status.deaths;
    }
    show(open ? "down" : "waiting", 0);
    spdlog::error(
        "isolation.died connector={} reason=\"{}\" next_ms={}{}",
        generation_->label(),
        reason,
        pause.count(),
        open ? " circuit=open" : ""
    );
}

/// One child from its greeting to its end; returns what it died of.
async::Awaitable<std::string> Keeper::live(Child& child) {
    child_ = &child;
    killed_because_.clear();
    unasked_ = 0;
    refused_seen_ = 0;
    sending_ = false;
    unsent_.clear();
    ++epoch_;
    show("starting", child.pid());
    if (retired_) child.kill();
    // It closes what it is given, and the child closes its own.
    socket_.emplace(loop_, ::fcntl(child.socket(), F_DUPFD_CLOEXEC, 0));
    std::string wrong;
    const bool ready = co_await greet(child, wrong);
    if (ready && !retired_) {
        serving_ = true;
        ++life_;
        ++tally_->starts;
        {
            const std::lock_guard lock{shown_->mutex};
            ++shown_->status.starts;
        }
        show("serving", child.pid());
        spdlog::info("isolation.serving connector={} pid={}", generation_->label(), child.pid());
        wake();
        for (;;) {
            const auto frame = co_await next_frame();
            if (!frame) break;
            if (take(child, *frame)) continue;
            kill("sent what is no frame, or none that was asked for");
            break;
        }
    }
    serving_ = false;
    limit_.cancel();
    ++watched_;
    child.kill();
    async::net::posix::stream_descriptor process{
        loop_, ::fcntl(child.process(), F_DUPFD_CLOEXEC, 0)};
    [[maybe_unused]] auto [error] =
        co_await process.async_wait(async::net::posix::descriptor_base::wait_read, async::kAsTuple);
    note_refused(child);
    std::string reason = child.bury();
    if (!killed_because_.empty()) reason = killed_because_;
    if (!wrong.empty()) reason = std::move(wrong);
    child_ = nullptr;
    socket_.reset();
    unsent_.clear();
    end_calls(child, reason);
    co_return reason;
}

/// False when it is not ready and never will be; `wrong` says why, if it was still able to.
async::Awaitable<bool> Keeper::greet(Child& child, std::string& wrong) {
    const std::uint64_t watched = ++watched_;
    limit_.expires_after(kGreeting);
    limit_.async_wait([this, watched, weak = weak_from_this()](boost::system::error_code error) {
        const auto self = weak.lock();
        if (!error && self && watched == watched_)
            kill("was not ready within " + std::to_string(kGreeting.count()) + " ms");
    });
    for (;;) {
        const auto frame = co_await next_frame();
        if (!frame) co_return false;  // how it ended is found out when it is buried
        frames::Hello hello;
        if (!frames::decode(*frame, hello)) {
            if (take(child, *frame)) continue;  // a line of its self-check
            wrong = "sent what is no frame";
        } else if (hello.version != frames::kVersion) {
            wrong = runner_ + " is of another build than this program";
        } else if (!hello.refused.empty()) {
            wrong = hello.refused.substr(0, 500);
        } else if (hello.id != generation_->manifest().id.text() ||
                   hello.connector_version != generation_->manifest().version ||
                   hello.state_schema != generation_->state_schema()) {
            wrong = "its table names another connector, version or state than its note";
        }
        if (!wrong.empty()) co_return false;
        if (hello.features && life_ == 0) {
            spdlog::warn(
                "plugins.extension connector={} name={} text=\"not served in this version\"",
                generation_->label(),
                TL_EXT_FEATURES
            );
        }
        limit_.cancel();
        ++watched_;
        co_return true;
    }
}

/// The call at the front must be answered in time; the child works on one after the other.
void Keeper::watch() {
    const std::uint64_t watched = ++watched_;
    if (calls_.empty()) {
        limit_.cancel();
        return;
    }
    limit_.expires_after(limits_.reply_within);
    limit_.async_wait([this, watched, weak = weak_from_this()](boost::system::error_code error) {
        const auto self = weak.lock();
        if (error || !self || watched != watched_) return;
        ++tally_->hangs;
        kill("gave no answer within " + std::to_string(limits_.reply_within.count()) + " ms");
    });
}

void Keeper::kill(std::string why) {
    if (child_ == nullptr) return;
    if (killed_because_.empty()) killed_because_ = std::move(why);
    child_->kill();
}

void Keeper::note_refused(const Child& child) {
    const std::uint32_t refused = child.page()->refused.load(std::memory_order_relaxed);
    if (refused == refused_seen_) return;
    const bool first = refused_seen_ == 0;
    tally_->refused += refused - refused_seen_;
    refused_seen_ = refused;
    // The first one of each child names the fault; a connector that keeps trying fills no log.
    if (!first) return;
    spdlog::warn(
        "isolation.refused connector={} call={} text=\"a connector has no files, network, threads "
        "or "
        "processes of its own\"",
        generation_->label(),
        name_of_call(child.page()->refused_last.load(std::memory_order_relaxed))
    );
}

async::Awaitable<Keeper::Answer> Keeper::ask(std::uint64_t call, std::string frame) {
    const auto self = shared_from_this();
    const auto mine = std::make_shared<Call>();
    mine->id = call;
    mine->waited_for = true;
    if (!serving_) {
        mine->answer.reason = history_->last_death;
        co_return std::move(mine->answer);
    }
    calls_.push_back(mine);
    if (calls_.size() == 1) watch();
    send(std::move(frame));
    while (!mine->ended)
        co_await mine->signal.wait();
    co_return std::move(mine->answer);
}

void Keeper::ask_blindly(std::uint64_t call, std::string frame) {
    if (!serving_) return;
    auto mine = std::make_shared<Call>();
    mine->id = call;
    calls_.push_back(std::move(mine));
    if (calls_.size() == 1) watch();
    send(std::move(frame));
}

void Keeper::tell(std::string frame) {
    if (serving_) send(std::move(frame));
}

/// Everybody who waits learns that the child is dead, and one whether it was at their call.
void Keeper::end_calls(const Child& child, const std::string& reason) {
    const std::uint64_t at = child.page()->call.load(std::memory_order_relaxed);
    auto calls = std::exchange(calls_, {});
    auto blamed = std::ranges::find_if(calls, [at](const auto& call) { return call->id == at; });
    std::uint32_t done = child.page().done();
    if (at != 0 && blamed == calls.end()) {
        // The page was written over: then it was the call whose turn it was.
        blamed = calls.begin();
        done = 0;
    }
    if (at != 0 && blamed != calls.end()) {
        (*blamed)->answer.working = true;
        (*blamed)->answer.done = done;
    }
    for (const auto& call : calls) {
        call->ended = true;
        call->answer.reason = reason;
        call->signal.notify();
    }
}

}  // namespace trunkline::isolation
