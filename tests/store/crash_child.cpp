#include "crash_child.hpp"

#include <atomic>
#include <csignal>
#include <cstdio>
#include <cstring>
#include <random>
#include <thread>
#include <vector>

#include <spdlog/spdlog.h>
#include <unistd.h>

#include "host/store/lane_store.hpp"
#include "lanes_child.hpp"
#include "sick_disk.hpp"

namespace trunkline::crash {

namespace {

constexpr std::uint32_t kLanes = 8;
constexpr std::uint32_t kConversations = 4;
constexpr std::uint32_t kProducers = 2;
constexpr std::uint64_t kGivenUp = 53;  ///< every so many-th record goes to the dead letters

std::string to_bytes(std::uint64_t id, std::size_t padding) {
    std::string out(sizeof id + padding, '.');
    std::memcpy(out.data(), &id, sizeof id);
    return out;
}

std::uint64_t to_id(const std::string& bytes) {
    std::uint64_t id = 0;
    if (bytes.size() >= sizeof id) std::memcpy(&id, bytes.data(), sizeof id);
    return id;
}

/// One life of the store, with those who use it.
class Child {
public:
    explicit Child(const ChildOptions& options)
        : options_{options}, log_{options.folder + "/history"} {}

    int run() {
        if (!open()) return kOpenFailed;
        if (options_.lanes) {
            life_ = std::make_unique<lanes::Life>(options_, *store_, clock_, [this] {
                pass(KillPoint::after_delivery);
            });
            watched_ = life_.get();
            if (!life_->open()) return kOpenFailed;
        }
        if (options_.last) return drain();
        std::vector<std::thread> threads;
        if (options_.lanes) threads.emplace_back([this] { life_->run(); });
        for (std::uint32_t p = 0; options_.bare && p < kProducers; ++p)
            threads.emplace_back([this, p] { produce(p); });
        if (options_.bare) {
            threads.emplace_back([this] {
                while (!broken_)
                    deliver_all();
            });
        }
        if (options_.sick) disk_.fall_ill();
        const char byte = 1;
        if (options_.ready >= 0 && ::write(options_.ready, &byte, 1) != 1) broken_ = true;
        for (auto& thread : threads)
            thread.join();
        return kStoreFailed;
    }

private:
    bool open() {
        store::Options options;
        options.path = options_.folder + "/db";
        options.key = Secret{std::string(32, 'k')};
        options.write_buffer_bytes = 64U << 10U;
        options.block_cache_bytes = 1U << 20U;
        options.journal_file_bytes = 64U << 10U;
        store::Internals internals;
        internals.env = env_.get();
        if (options_.sick) internals.resume_every = std::chrono::milliseconds{5};
        internals.reached = [this](store::Moment moment) {
            pass(static_cast<KillPoint>(static_cast<int>(moment) + 1));
            if (auto* life = watched_.load()) life->reached(moment);
        };
        auto opened = store::open_rocksdb(options, clock_, std::move(internals));
        if (!opened) {
            std::fprintf(stderr, "round %u: %s\n", options_.round, opened.error().context.c_str());
            return false;
        }
        store_ = *std::move(opened);
        for (std::uint32_t lane = 1; lane <= kLanes; ++lane) {
            const auto info = store_->open_lane("lane " + std::to_string(lane));
            if (!info) return false;
            lanes_.push_back(info->id);
        }
        return true;
    }

    void pass(KillPoint point) {
        if (point == options_.point && passed_++ == options_.passes) ::raise(SIGKILL);
    }

    // Says again what it said last in the life before, as a messenger does that had no answer.
    void produce(std::uint32_t producer) {
        std::mt19937_64 random{options_.seed * 31 + producer};
        const auto name = options_.folder + "/sent " + std::to_string(producer);
        const auto before = read_log(name);
        const Log sent{name};
        const auto again = static_cast<std::ptrdiff_t>(std::min<std::size_t>(before.size(), 20));
        std::vector<Entry> batch{before.end() - again, before.end()};
        if (!batch.empty()) send(batch, 0);
        std::uint64_t counter = 0;
        while (!broken_) {
            batch.clear();
            for (auto left = 1 + random() % 4; left > 0; --left) {
                Entry entry;
                entry.what = What::attempt;
                entry.round = options_.round;
                entry.lane = static_cast<std::uint32_t>(random() % kLanes);
                entry.conversation = static_cast<std::uint32_t>(random() % kConversations);
                entry.id = (std::uint64_t{options_.round} << 32U) |
                           (std::uint64_t{producer} << 28U) | ++counter;
                log_.write(entry);
                sent.write(entry);
                batch.push_back(entry);
            }
            send(batch, static_cast<std::size_t>(random() % 1024));
        }
    }

    /// On a sick disk whatever is refused is tried until it is taken.
    Result<store::Receipt> commit(store::Batch batch) {
        for (;;) {
            auto receipt = store_->commit_and_wait(batch);
            if (receipt) return receipt;
            if (!options_.sick || receipt.error().fault != Fault::storage) broken_ = true;
            if (broken_) return receipt;
            std::this_thread::sleep_for(std::chrono::milliseconds{1});
        }
    }

    void send(const std::vector<Entry>& entries, std::size_t padding) {
        store::Batch batch;
        for (const auto& entry : entries) {
            store::Append append;
            append.lane = lanes_[entry.lane];
            append.conversation = "conversation " + std::to_string(entry.conversation);
            append.id = make_ulid(clock_.wall_ms());
            append.accepted_ms = clock_.wall_ms();
            append.dedup = "id " + std::to_string(entry.id);
            append.dedup_until_ms = clock_.wall_ms() + 3600'000;
            append.body = to_bytes(entry.id, padding);
            batch.append.push_back(std::move(append));
        }
        const auto receipt = commit(std::move(batch));
        if (!receipt) return;
        for (std::size_t i = 0; i < entries.size(); ++i) {
            const auto& position = receipt->positions[i];
            if (position.repeat) continue;
            auto entry = entries[i];
            entry.what = What::accepted;
            entry.sequence = position.sequence;
            entry.conversation_sequence = position.conversation_sequence;
            log_.write(entry);
        }
    }

    bool deliver_all() {
        bool any = false;
        for (std::uint32_t lane = 0; lane < kLanes && !broken_; ++lane)
            any = deliver(lane) || any;
        return any;
    }

    bool deliver(std::uint32_t lane) {
        const auto id = lanes_[lane];
        const auto records = store_->read(id, store_->lane(id)->head, kBatch, 1U << 20U);
        if (!records) {
            std::fprintf(stderr, "round %u: %s\n", options_.round, records.error().context.c_str());
            broken_ = true;
            return false;
        }
        store::Batch batch;
        batch.durable = options_.durable_acknowledgements;
        store::Sequence through = 0;
        for (const auto& record : *records) {
            const auto what = to_id(record.body);
            if ((what & kNoticeBit) == 0 && what % kGivenUp == 0) {
                // Alone at the head: what was delivered before it is acknowledged first.
                if (through == 0) give_up(lane, record, what);
                break;
            }
            log_.write(entry_of(lane, record, What::delivered));
            through = record.sequence;
        }
        if (through == 0) return !records->empty();
        pass(KillPoint::after_delivery);
        batch.advance.push_back({id, through, {}});
        (void)commit(std::move(batch));
        return true;
    }

    void give_up(std::uint32_t lane, const store::Record& record, std::uint64_t what) {
        log_.write(entry_of(lane, record, What::given_up));
        store::DeadLetter letter;
        letter.lane = lanes_[lane];
        letter.sequence = record.sequence;
        letter.reason = "chosen";
        letter.instead.emplace();
        letter.instead->conversation = record.conversation;
        letter.instead->id = record.id;
        letter.instead->flags = store::kNotice;
        letter.instead->body = to_bytes(what | kNoticeBit, 0);
        store::Batch batch;
        batch.dead.push_back(std::move(letter));
        (void)commit(std::move(batch));
    }

    Entry entry_of(std::uint32_t lane, const store::Record& record, What what) const {
        Entry entry;
        entry.what = what;
        entry.round = options_.round;
        entry.lane = lane;
        entry.conversation = static_cast<std::uint32_t>(record.conversation.back() - '0');
        entry.sequence = record.sequence;
        entry.conversation_sequence = record.conversation_sequence;
        entry.id = to_id(record.body);
        return entry;
    }

    int drain() {
        while (deliver_all()) {
        }
        const Log dead{options_.folder + "/dead"};
        for (std::uint32_t lane = 0; lane < kLanes; ++lane) {
            const auto letters = store_->dead(lanes_[lane], 0, 1'000'000);
            if (!letters) broken_ = true;
            if (broken_) break;
            for (const auto& letter : *letters)
                dead.write(entry_of(lane, letter.record, What::given_up));
        }
        if (life_ && !life_->drain()) broken_ = true;
        store_->close();  // its thread looks at `life_`
        return broken_ ? kStoreFailed : 0;
    }

    const ChildOptions options_;
    SystemClock clock_;
    Log log_;
    SickDisk disk_{options_.seed, [this] {
                       if (auto* life = watched_.load()) life->disk_failed();
                   }};
    std::unique_ptr<rocksdb::Env> env_ = store::env_with(disk_);
    std::unique_ptr<store::Store> store_;
    std::vector<store::LaneId> lanes_;
    std::unique_ptr<lanes::Life> life_;
    std::atomic<lanes::Life*> watched_{nullptr};  // for the committer's thread
    std::atomic<int> passed_{0};
    std::atomic<bool> broken_{false};
};

}  // namespace

int run_child(const ChildOptions& options) {
    spdlog::set_level(spdlog::level::off);  // what goes wrong on purpose
    return Child{options}.run();
}

}  // namespace trunkline::crash
