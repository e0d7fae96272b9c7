#include "host/store/filters.hpp"

#include "host/store/codec.hpp"

namespace trunkline::store {

namespace {

using rocksdb::CompactionFilter;
using rocksdb::Slice;

class FinishedFilter final : public CompactionFilter {
public:
    explicit FinishedFilter(std::shared_ptr<const CollectableHeads> heads)
        : heads_{std::move(heads)} {}

    // A record that is dropped may leave an older version of itself (what a notice replaced) in
    // another file. Nobody reads below the head, and the head never goes back, so no tombstone is
    // needed to hide it.
    Decision FilterV2(
        int /*level*/,
        const Slice& key,
        ValueType /*type*/,
        const Slice& /*value*/,
        std::string* /*changed*/,
        std::string* skip_until
    ) const override {
        LaneId lane = 0;
        Sequence sequence = 0;
        if (!parse_record_key({key.data(), key.size()}, lane, sequence)) return Decision::kKeep;
        if (lane != lane_) {
            lane_ = lane;
            head_ = heads_->of(lane);
        }
        if (sequence >= head_) return Decision::kKeep;
        skip_until->assign(Key::of_record(lane, head_).view());
        return Decision::kRemoveAndSkipUntil;
    }

    const char* Name() const override { return "trunkline.finished"; }

private:
    std::shared_ptr<const CollectableHeads> heads_;
    // Keys come lane by lane, and an older head is merely a less thorough one. One thread uses a
    // filter.
    mutable LaneId lane_ = 0;
    mutable Sequence head_ = 1;
};

class ExpiredFilter final : public CompactionFilter {
public:
    ExpiredFilter(WallMs now, WallMs keep, bool collecting)
        : now_{now}, keep_{keep}, collecting_{collecting} {}

    bool Filter(
        int /*level*/,
        const Slice& /*key*/,
        const Slice& value,
        std::string* /*new_value*/,
        bool* /*changed*/
    ) const override {
        const auto time = leading_time({value.data(), value.size()});
        return collecting_ && time != 0 && time + keep_ <= now_;
    }

    const char* Name() const override { return "trunkline.expired"; }

private:
    WallMs now_;
    WallMs keep_;
    bool collecting_;
};

class Factory : public rocksdb::CompactionFilterFactory {
public:
    bool ShouldFilterTableFileCreation(rocksdb::TableFileCreationReason reason) const override {
        return reason == rocksdb::TableFileCreationReason::kFlush ||
               reason == rocksdb::TableFileCreationReason::kCompaction;
    }
};

class FinishedFactory final : public Factory {
public:
    explicit FinishedFactory(std::shared_ptr<const CollectableHeads> heads)
        : heads_{std::move(heads)} {}

    std::unique_ptr<CompactionFilter>
    CreateCompactionFilter(const CompactionFilter::Context& /*context*/) override {
        return std::make_unique<FinishedFilter>(heads_);
    }
    const char* Name() const override { return "trunkline.finished"; }

private:
    std::shared_ptr<const CollectableHeads> heads_;
};

class ExpiredFactory final : public Factory {
public:
    ExpiredFactory(
        std::shared_ptr<const ExpiryClock> clock,
        WallMs keep,
        std::shared_ptr<const std::atomic<bool>> collecting
    )
        : clock_{std::move(clock)}, keep_{keep}, collecting_{std::move(collecting)} {}

    std::unique_ptr<CompactionFilter>
    CreateCompactionFilter(const CompactionFilter::Context& /*context*/) override {
        return std::make_unique<ExpiredFilter>(clock_->now_ms(), keep_, collecting_->load());
    }
    const char* Name() const override { return "trunkline.expired"; }

private:
    std::shared_ptr<const ExpiryClock> clock_;
    WallMs keep_;
    std::shared_ptr<const std::atomic<bool>> collecting_;
};

}  // namespace

std::shared_ptr<rocksdb::CompactionFilterFactory> make_finished_filter(
    std::shared_ptr<const CollectableHeads> heads
) {
    return std::make_shared<FinishedFactory>(std::move(heads));
}

std::shared_ptr<rocksdb::CompactionFilterFactory> make_expired_filter(
    std::shared_ptr<const ExpiryClock> clock,
    WallMs keep_ms,
    std::shared_ptr<const std::atomic<bool>> collecting
) {
    return std::make_shared<ExpiredFactory>(std::move(clock), keep_ms, std::move(collecting));
}

}  // namespace trunkline::store
