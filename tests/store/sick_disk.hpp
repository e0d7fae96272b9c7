#pragma once

#include <atomic>
#include <chrono>
#include <functional>
#include <mutex>
#include <random>
#include <thread>
#include <utility>

#include "tests/store/troubled_disk.hpp"

namespace trunkline::crash {

/// A disk on its way out: now and then it fails for some milliseconds, so that it is not known
/// whether a write that failed is there; and every so often a sync takes its time.
class SickDisk final : public store::DiskTrouble {
public:
    /// `told`: of each failure, before whoever asked is; on his thread.
    SickDisk(std::uint64_t seed, std::function<void()> told)
        : told_{std::move(told)}, random_{seed} {}

    void fall_ill() { ill_ = true; }

    rocksdb::IOStatus before(store::Deed deed) override {
        if (!ill_) return rocksdb::IOStatus::OK();
        const auto luck = look();
        const bool sync = deed == store::Deed::sync || deed == store::Deed::sync_places;
        if (sync && luck.number % kSlowOneIn == 0)
            std::this_thread::sleep_for(std::chrono::milliseconds{1 + luck.number / 64 % 40});
        return luck.in_spell && luck.number % 4 < 2 ? fail() : rocksdb::IOStatus::OK();
    }

    rocksdb::IOStatus after(store::Deed) override {
        if (!ill_) return rocksdb::IOStatus::OK();
        const auto luck = look();
        return luck.in_spell && luck.number % 4 == 0 ? fail() : rocksdb::IOStatus::OK();
    }

private:
    using Clock = std::chrono::steady_clock;
    struct Luck {
        std::uint64_t number = 0;
        bool in_spell = false;
    };
    static constexpr std::uint64_t kSlowOneIn = 30;
    static constexpr std::uint64_t kSpellOneIn = 200;

    rocksdb::IOStatus fail() const {
        told_();
        return rocksdb::IOStatus::IOError("told to be broken");
    }

    Luck look() {
        const std::lock_guard lock{mutex_};
        const auto now = Clock::now();
        const auto number = random_();
        if (now >= spell_ends_ && number % kSpellOneIn == 0)
            spell_ends_ = now + std::chrono::milliseconds{1 + random_() % 30};
        return {random_(), now < spell_ends_};
    }

    const std::function<void()> told_;
    std::atomic<bool> ill_{false};
    std::mutex mutex_;  // guards what follows
    std::mt19937_64 random_;
    Clock::time_point spell_ends_{};
};

}  // namespace trunkline::crash
