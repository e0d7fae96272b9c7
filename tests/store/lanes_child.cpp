#include "lanes_child.hpp"

#include <algorithm>
#include <array>
#include <atomic>
#include <cstdio>
#include <optional>
#include <random>
#include <thread>
#include <utility>
#include <vector>

#include "host/async/spawn.hpp"
#include "host/lanes/lane_table.hpp"
#include "lanes_receivers.hpp"

namespace trunkline::crash::lanes {

namespace {

using trunkline::lanes::LanePolicy;
using trunkline::lanes::LaneSpec;
using trunkline::lanes::LaneTable;
using trunkline::lanes::Milliseconds;
using trunkline::lanes::Order;

constexpr std::uint32_t kConversations = 6;
constexpr std::uint64_t kWaitingMax = 400;  ///< of one lane: more than a keyed lane's window
constexpr std::uint32_t kShortLived[] = {2, 4, 6};   ///< lanes whose events run out of time
constexpr std::uint32_t kRejectingLives = 128;       ///< in one of so many
constexpr std::uint32_t kRejectingLivesEnd = 1'024;  ///< beyond ten an hour a lane stands still
constexpr std::chrono::seconds kDrainMax{60};
/// Where only refused events are left, one behind the other, the receiver counts as ill: that ends
/// when it is mended, or with their time.
constexpr std::chrono::seconds kMendedAfter{10};

std::string name_of(std::uint32_t lane) {
    return "crash/" + std::to_string(lane);
}

LaneSpec spec_of(std::uint32_t lane) {
    LaneSpec spec;
    spec.name = name_of(lane);
    spec.owner = lane < 2 ? "portal/a" : "receiver/" + std::to_string(lane);
    spec.policy.batch.max_messages = 16;
    spec.policy.batch.linger = Milliseconds{1};
    spec.policy.retry.first = Milliseconds{3};
    spec.policy.retry.max = Milliseconds{20};
    for (const auto one : kShortLived) {
        if (one == lane) spec.policy.retention = Milliseconds{1'500};
    }
    return spec;
}

Order order_of(std::uint32_t lane, std::uint64_t luck) {
    constexpr std::array kOrders{Order::sequential, Order::keyed, Order::parallel};
    if (lane < kTurning) return lane < kSequential ? Order::sequential : Order::keyed;
    return kOrders.at(luck % (lane < kAnyOrder ? 2 : 3));
}

LanePolicy policy_of(std::uint32_t lane, std::uint64_t luck) {
    auto policy = spec_of(lane).policy;
    policy.order = order_of(lane, luck);
    policy.streams =
        lane < kTurning ? policy.streams : 1 + static_cast<std::uint32_t>(luck / 3 % 4);
    return policy;
}

}  // namespace

class Life::Impl {
public:
    Impl(
        const ChildOptions& options,
        store::Store& store,
        const Clock& clock,
        std::function<void()> delivered
    )
        : options_{options},
          store_{store},
          clock_{clock},
          log_{options.folder + "/lanes"},
          around_{log_, options.round, std::move(delivered), {}} {
        around_.well = options.last;
    }

    bool open() {
        std::array<std::uint64_t, kLanes> epochs{};
        for (std::uint32_t lane = 0; lane < kLanes; ++lane) {
            const auto info = store_.open_lane(name_of(lane));
            if (!info) return false;
            ids_.at(lane) = info->id;
            epochs.at(lane) = info->epoch;
            on_disk_.at(lane) = acknowledged_.at(lane) = info->head;
            note(Did::opened, lane, *info);
        }
        if (!note_dead_letters()) return false;
        table_.emplace(LaneTable::Services{loops_, store_, pool_, clock_, {}, {}});
        loops_.start();
        bool added = true;
        for (std::uint32_t lane = 0; lane < kLanes; ++lane)
            added = added && add(lane, epochs.at(lane));
        watching_ = added;
        return added;
    }

    // What was acknowledged when one write was over is in the next one, whatever that is for.
    void reached(store::Moment moment) {
        if (!watching_) return;
        for (std::uint32_t lane = 0; lane < kLanes; ++lane) {
            auto& on_disk = on_disk_.at(lane);
            auto& acknowledged = acknowledged_.at(lane);
            if (moment == store::Moment::after_publish) {
                acknowledged = store_.lane(ids_.at(lane))->head;
            } else if (moment == store::Moment::after_write && on_disk < acknowledged) {
                on_disk = acknowledged;
                Step step;
                step.did = Did::written;
                step.round = options_.round;
                step.lane = lane;
                step.sequence = on_disk;
                log_.write(step);
            }
        }
    }

    void disk_failed() const { note(Did::disk_failed, 0, {}); }

    void run() {
        std::vector<std::thread> threads;
        threads.emplace_back([this] { produce(0, 0, kSequential); });
        threads.emplace_back([this] { produce(1, kSequential, kLanes); });
        threads.emplace_back([this] { interfere(); });
        for (auto& thread : threads)
            thread.join();
    }

    bool drain() {
        for (std::uint32_t lane = 0; lane < kLanes; ++lane)
            resume(lane);
        const auto deadline = std::chrono::steady_clock::now() + kDrainMax;
        const auto mended = std::chrono::steady_clock::now() + kMendedAfter;
        bool empty = false;
        while (!empty && std::chrono::steady_clock::now() < deadline) {
            std::this_thread::sleep_for(std::chrono::milliseconds{5});
            if (std::chrono::steady_clock::now() > mended) around_.mended = true;
            empty = true;
            // Backwards: what ends in 3 and 4 is told in 0 and 1.
            for (std::uint32_t lane = kLanes; lane-- > 0;)
                empty = is_empty(lane) && empty;
        }
        if (!empty) tell_what_is_left();
        call([this]() -> async::Awaitable<> { co_await table_->stop(Milliseconds{5'000}); });
        loops_.stop();
        table_.reset();
        watching_ = false;
        for (std::uint32_t lane = 0; lane < kLanes; ++lane)
            note(Did::closed, lane, *store_.lane(ids_.at(lane)));
        return note_dead_letters() && empty;
    }

private:
    void call(std::function<async::Awaitable<>()> work) {
        async::run_and_wait(loops_.at(0).get_executor(), "crash", std::move(work));
    }

    bool add(std::uint32_t lane, std::uint64_t epoch) {
        bool done = false;
        const auto seed = options_.seed * 17 + lane;
        const bool held = !options_.last && seed % 3 == 0;
        call([&]() -> async::Awaitable<> {
            auto spec = spec_of(lane);
            if (lane >= kTurning) spec.policy = policy_of(lane, seed);
            if (goes_to_portal(lane)) {
                auto portal = make_portal(around_, lane, epoch, seed);
                const auto added = co_await table_->add(std::move(spec), std::move(portal), held);
                done = added.has_value();
            } else {
                const auto told = ids_.at(lane - kSequential);
                auto messenger = make_messenger(around_, lane, told, seed);
                const auto added =
                    co_await table_->add_keyed(std::move(spec), std::move(messenger));
                done = added.has_value();
            }
        });
        return done;
    }

    bool is_empty(std::uint32_t lane) {
        bool empty = false;
        call([&]() -> async::Awaitable<> {
            const auto status = co_await table_->find(name_of(lane));
            const auto info = store_.lane(ids_.at(lane));
            empty = status && status->held == 0 && info->head == info->tail;
        });
        return empty;
    }

    void tell_what_is_left() {
        for (std::uint32_t lane = 0; lane < kLanes; ++lane) {
            call([&]() -> async::Awaitable<> {
                const auto status = co_await table_->find(name_of(lane));
                if (!status || status->depth == 0) co_return;
                std::fprintf(
                    stderr,
                    "lane %u is left: %s, %s, paused by '%s', depth %llu, held %llu, failures %u, "
                    "last %d "
                    "%s, alarm %s %s, state %s\n",
                    lane,
                    status->order.c_str(),
                    status->state.c_str(),
                    status->paused_reason.c_str(),
                    static_cast<unsigned long long>(status->depth),
                    static_cast<unsigned long long>(status->held),
                    status->failures,
                    status->last_status,
                    status->last_error.c_str(),
                    status->alarms.last.code.c_str(),
                    status->alarms.last.text.c_str(),
                    store_.lane(ids_.at(lane))->state.c_str()
                );
            });
        }
    }

    // Says again what it said last in the life before, as one does that had no answer.
    void produce(std::uint32_t producer, std::uint32_t first, std::uint32_t end) {
        std::mt19937_64 random{options_.seed * 131 + producer};
        const auto name = options_.folder + "/lanes sent " + std::to_string(producer);
        const auto before = read_log<Step>(name);
        const Log sent{name};
        const auto again = static_cast<std::ptrdiff_t>(std::min<std::size_t>(before.size(), 30));
        std::vector<Step> batch{before.end() - again, before.end()};
        if (!batch.empty()) send(batch, 0);
        counter_.at(producer) = std::uint64_t{options_.round} << 32U | std::uint64_t{producer}
                                                                           << 31U;
        while (!broken_) {
            const auto lane = first + static_cast<std::uint32_t>(random() % (end - first));
            const auto info = store_.lane(ids_.at(lane));
            if (info->tail - info->head > kWaitingMax) {
                std::this_thread::sleep_for(std::chrono::microseconds{200});
                continue;
            }
            batch = something(producer, lane, random);
            for (const auto& step : batch) {
                log_.write(step);
                sent.write(step);
            }
            send(batch, random() % 512);
        }
    }

    bool is_sick(const Error& error) const {
        return options_.sick && error.fault == Fault::storage;
    }

    bool rejects_now(std::uint32_t lane) const {
        return options_.round < kRejectingLivesEnd && options_.round % kRejectingLives == lane + 3;
    }

    // Whoever is at fault stands between two who are not, or nobody could tell.
    std::vector<Step> something(
        std::uint32_t producer, std::uint32_t lane, std::mt19937_64& random
    ) {
        std::vector<Fate> fates(1 + random() % 3, Fate::take);
        const auto luck = random() % 100;
        if (!goes_to_portal(lane)) {
            if (luck < 3) fates.back() = Fate::dead;
        } else if (luck < 4) {
            fates = {Fate::take, luck < 2 ? Fate::too_large : Fate::at_fault, Fate::take};
        } else if (rejects_now(lane) && !std::exchange(rejected_.at(producer), true)) {
            fates = {Fate::take, Fate::reject, Fate::take};
        }
        std::vector<Step> out;
        for (const auto fate : fates) {
            Step step;
            step.did = Did::attempt;
            step.round = options_.round;
            step.lane = lane;
            step.conversation = static_cast<std::uint32_t>(random() % kConversations);
            step.id = make_id(fate, ++counter_.at(producer));
            out.push_back(step);
        }
        return out;
    }

    void send(const std::vector<Step>& steps, std::size_t padding) {
        // What is too large is larger than the notices that may stand before it.
        constexpr std::size_t kLarge = 2'048;
        const bool large = std::ranges::any_of(steps, [](const Step& step) {
            return fate_of(step.id) == Fate::too_large;
        });
        if (large) padding += kLarge;
        store::Batch batch;
        for (const auto& step : steps) {
            store::Append append;
            append.lane = ids_.at(step.lane);
            append.conversation = "conversation " + std::to_string(step.conversation);
            append.id = make_ulid(clock_.wall_ms());
            append.accepted_ms = clock_.wall_ms();
            append.dedup = "lanes " + std::to_string(step.id);
            append.dedup_until_ms = clock_.wall_ms() + 3600'000;
            append.body = to_bytes({step.id, 0, 0, 0}, padding);
            batch.append.push_back(std::move(append));
        }
        auto receipt = store_.commit_and_wait(batch);
        // Tried until it is taken, as messengers do.
        while (!receipt && is_sick(receipt.error())) {
            std::this_thread::sleep_for(std::chrono::milliseconds{1});
            receipt = store_.commit_and_wait(batch);
        }
        broken_ = broken_ || !receipt;
        for (std::size_t i = 0; receipt && i < steps.size(); ++i) {
            if (receipt->positions[i].repeat) continue;
            auto step = steps[i];
            step.did = Did::accepted;
            step.sequence = receipt->positions[i].sequence;
            log_.write(step);
        }
    }

    void interfere() {
        std::mt19937_64 random{options_.seed * 7};
        while (!broken_) {
            std::this_thread::sleep_for(std::chrono::microseconds{random() % 6'000});
            const auto lane = static_cast<std::uint32_t>(random() % kLanes);
            const auto what = random() % 20;
            if (what < 2) pause(lane);
            if (what >= 2 && what < 8) resume(lane);
            if (what >= 8 && what < 12) {
                call([lane, this]() -> async::Awaitable<> {
                    if (goes_to_portal(lane)) co_await table_->admit_owner(spec_of(lane).owner);
                });
            }
            if (lane >= kTurning && random() % 3 == 0) turn(lane, random());
            if (what == 12) {
                call([lane, this]() -> async::Awaitable<> {
                    const auto done = co_await table_->kick(name_of(lane));
                    if (!done && !is_sick(done.error())) broken_ = true;
                });
            }
            if (what > 12) bring_back(lane, what > 14, random);
        }
    }

    void pause(std::uint32_t lane) {
        call([lane, this]() -> async::Awaitable<> {
            const auto done = co_await table_->pause(name_of(lane), "operator");
            // While the disk refuses, what a lane is told to remember is kept in memory.
            if (done && !store_.read_only()) note(Did::paused, lane, {});
        });
    }

    void resume(std::uint32_t lane) {
        note(Did::resuming, lane, {});
        call([lane, this]() -> async::Awaitable<> {
            const auto done = co_await table_->resume(name_of(lane));
            if (!done && !is_sick(done.error())) broken_ = true;
            if (goes_to_portal(lane)) co_await table_->admit_owner(spec_of(lane).owner);
        });
    }

    void turn(std::uint32_t lane, std::uint64_t luck) {
        call([=, this]() -> async::Awaitable<> {
            auto policy = policy_of(lane, luck);
            const auto done = co_await table_->change(name_of(lane), std::move(policy));
            if (done) note(Did::turned, lane, {});
            if (!done && done.error().fault != Fault::throttled && !is_sick(done.error()))
                broken_ = true;
        });
    }

    // Some dead letters come back, some go for good.
    void bring_back(std::uint32_t lane, bool requeue, std::mt19937_64& random) {
        const auto letters = store_.dead(ids_.at(lane), 0, 64);
        if (!letters || letters->empty()) return;
        const auto& letter = letters->at(random() % letters->size());
        log_.write(
            to_step(requeue ? Did::requeue : Did::discard, options_.round, lane, letter.record)
        );
        call([&]() -> async::Awaitable<> {
            std::vector<store::Sequence> one{letter.record.sequence};
            auto name = name_of(lane);
            // Two waits in one expression: GCC 12 lets go of what they answer twice.
            std::optional<Result<std::size_t>> answer;
            if (requeue)
                answer = co_await table_->requeue(std::move(name), std::move(one));
            else
                answer = co_await table_->discard(std::move(name), std::move(one));
            const auto& done = *answer;
            if (!done && done.error().fault != Fault::not_found && !is_sick(done.error()))
                broken_ = true;
        });
    }

    bool note_dead_letters() {
        for (std::uint32_t lane = 0; lane < kLanes; ++lane) {
            const auto letters = store_.dead(ids_.at(lane), 0, 1'000'000);
            if (!letters) return false;
            for (const auto& letter : *letters)
                log_.write(to_step(Did::dead, options_.round, lane, letter.record));
        }
        return true;
    }

    void note(Did did, std::uint32_t lane, const store::LaneInfo& info) const {
        Step step;
        step.did = did;
        step.round = options_.round;
        step.lane = lane;
        step.sequence = info.head;
        step.other = info.tail;
        step.id = info.epoch;
        log_.write(step);
    }

    const ChildOptions options_;
    store::Store& store_;
    const Clock& clock_;
    Log log_;
    Surroundings around_;
    async::Loops loops_{2};
    async::BlockingPool pool_{2};
    std::optional<LaneTable> table_;
    std::array<store::LaneId, kLanes> ids_{};
    std::array<std::uint64_t, kLanes> on_disk_{};       // from `watching_` on the committer's
    std::array<std::uint64_t, kLanes> acknowledged_{};  // likewise
    std::array<std::uint64_t, 2> counter_{};            // each of one producer
    std::array<bool, 2> rejected_{};                    // likewise
    std::atomic<bool> watching_{false};
    std::atomic<bool> broken_{false};
};

Life::Life(
    const ChildOptions& options,
    store::Store& store,
    const Clock& clock,
    std::function<void()> delivered
)
    : impl_{std::make_unique<Impl>(options, store, clock, std::move(delivered))} {}

Life::~Life() = default;

bool Life::open() {
    return impl_->open();
}

void Life::reached(store::Moment moment) {
    impl_->reached(moment);
}

void Life::disk_failed() {
    impl_->disk_failed();
}

void Life::run() {
    impl_->run();
}

bool Life::drain() {
    return impl_->drain();
}

}  // namespace trunkline::crash::lanes
