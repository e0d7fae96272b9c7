// What a keyed lane holds in memory, and how it sets aside what would fill it.
#include <algorithm>
#include <span>
#include <utility>

#include <spdlog/spdlog.h>

#include "host/lanes/held_rows.hpp"
#include "host/lanes/keyed_lane.hpp"

namespace trunkline::lanes {

namespace {

constexpr std::size_t kRowsAtOnce = 64;

}  // namespace

// After a restart: whoever was set aside is known again before anything newer is read, or it would
// be overtaken.
async::Awaitable<> KeyedLane::find_held() {
    const auto prefix = held_prefix(setup_.info.id);
    std::string after;
    while (!stopped_) {
        auto rows = co_await ground_.reads.rows(store::Table::held, prefix, after, kRowsAtOnce);
        if (!rows) {
            // Going on would break the order of a conversation: stand still until a person has
            // looked.
            alarm("storage", rows.error().context);
            loading_ = false;
            not_before_ = ground_.clock.steady() + kAgain;
            ground_.timers.after(kAgain, [weak = weak_from_this()] {
                const auto self = weak.lock();
                if (self && !self->stopped_ && !self->found_held_ && !self->loading_) self->start();
            });
            co_return;
        }
        std::vector<store::Record> records;
        for (const auto& row : *rows) {
            after = row.key;
            store::Record record;
            if (read_held(row.value, record))
                records.push_back(std::move(record));
            else
                spdlog::error("lane.held_unreadable lane={}", setup_.name);
        }
        co_await destination_->foresee(records);
        for (const auto& record : records) {
            auto& line = lines_.try_emplace(record.conversation, setup_.policy.retry).first->second;
            ++line.held;
            ++held_;
            make_ready(record.conversation, line);
        }
        if (rows->size() < kRowsAtOnce) break;
    }
    found_held_ = true;
    loading_ = false;
    pump();
}

async::Awaitable<> KeyedLane::load() {
    const auto end = tail();
    const auto count = static_cast<std::size_t>(kWindow - (next_read_ - head_));
    auto read = co_await ground_.reads.records(setup_.info.id, next_read_, count, kLoadedBytesMax);
    if (!read) {
        alarm("storage", read.error().context);
        loading_ = false;
        hold(kAgain);
        co_return;
    }
    auto records = *std::move(read);
    std::vector<store::Record> behind;  // of conversations that have been set aside
    // Nothing left to read there means that all of it was finished before.
    next_read_ = records.empty() ? end : records.back().sequence + 1;
    // Finished ones are skipped, so the last of them may lie beyond what progress can be noted for.
    if (next_read_ - head_ > kWindow) {
        next_read_ = head_ + kWindow;
        std::erase_if(records, [this](const store::Record& record) {
            return record.sequence >= next_read_;
        });
    }
    co_await foresee(records);
    foreseen_ = std::max(foreseen_, next_read_);
    for (auto& record : records) {
        auto& line = lines_.try_emplace(record.conversation, setup_.policy.retry).first->second;
        if (line.held > 0) {
            behind.push_back(std::move(record));
            continue;
        }
        loaded_bytes_ += record.body.size();
        const auto conversation = record.conversation;
        line.queue.push_back(std::move(record));
        make_ready(conversation, line);
    }
    co_await put_aside(std::move(behind));
    loading_ = false;
    pump();
}

// Tells the destination of those it has not heard of.
async::Awaitable<> KeyedLane::foresee(const std::vector<store::Record>& records) {
    const auto fresh = std::ranges::find_if(records, [this](const store::Record& record) {
        return record.sequence >= foreseen_;
    });
    if (fresh == records.end()) co_return;
    const std::span<const store::Record> untold{fresh, records.end()};
    co_await destination_->foresee(untold);
}

// What there is no room for yet is read once more when there is. Nothing is loaded meanwhile, so
// that each is told of in its order.
async::Awaitable<> KeyedLane::look_ahead() {
    constexpr std::size_t kAtOnce = kWindow;
    const auto end = tail();
    const auto from = std::max(foreseen_, next_read_);
    auto read = co_await ground_.reads.records(setup_.info.id, from, kAtOnce, kLoadedBytesMax);
    if (!read) {
        alarm("storage", read.error().context);
        loading_ = false;
        hold(kAgain);
        co_return;
    }
    const auto records = *std::move(read);
    foreseen_ = records.empty() ? end : records.back().sequence + 1;
    co_await destination_->foresee(records);
    loading_ = false;
    pump();
}

async::Awaitable<> KeyedLane::set_aside() {
    std::vector<store::Record> records;
    const auto names = stuck();
    for (const auto& conversation : names) {
        auto& line = lines_.at(conversation);
        line.in_flight = true;  // nobody touches it before its records are where they belong
        ++in_flight_;
        auto queue = std::exchange(line.queue, {});
        for (auto& record : queue) {
            loaded_bytes_ -= record.body.size();
            records.push_back(std::move(record));
        }
    }
    spdlog::info("lane.set_aside lane={} records={}", setup_.name, records.size());
    co_await put_aside(std::move(records));
    for (const auto& conversation : names) {
        auto& line = lines_.at(conversation);
        line.in_flight = false;
        --in_flight_;
        make_ready(conversation, line);
    }
    setting_aside_ = false;
    pump();
}

// The rows and the advance over their places are one write: neither without the other, whatever
// else is being written.
async::Awaitable<> KeyedLane::put_aside(std::vector<store::Record> records) {
    if (records.empty()) co_return;
    store::Batch batch;
    std::vector<store::Sequence> sequences;
    for (const auto& record : records) {
        batch.put.push_back({
            .table = store::Table::held,
            .key = held_key(setup_.info.id, record.conversation, record.sequence),
            .value = write_held(record),
            .expires_ms = 0,
        });
        sequences.push_back(record.sequence);
    }
    const bool written = co_await write(std::move(batch), std::move(sequences));
    if (!written) co_return;
    for (const auto& record : records) {
        auto& line = lines_.try_emplace(record.conversation, setup_.policy.retry).first->second;
        ++line.held;
        ++held_;
        make_ready(record.conversation, line);
    }
}

async::Awaitable<std::optional<store::Record>> KeyedLane::first_of(std::string conversation) {
    auto& line = lines_.at(conversation);
    if (line.held == 0) {
        if (line.queue.empty()) co_return std::nullopt;
        co_return line.queue.front();
    }
    auto prefix = held_prefix(setup_.info.id, conversation);
    std::string from_the_start;
    auto rows = co_await ground_.reads.rows(
        store::Table::held, std::move(prefix), std::move(from_the_start), 1
    );
    store::Record record;
    if (!rows || rows->empty() || !read_held(rows->front().value, record)) {
        alarm("storage", rows ? "a record set aside cannot be read" : rows.error().context);
        co_return std::nullopt;
    }
    co_return record;
}

}  // namespace trunkline::lanes
