// What a lane of several lines holds in memory, how it sets aside what would fill it, and how it
// writes down how far it got.
#include <algorithm>
#include <span>
#include <utility>

#include <spdlog/spdlog.h>

#include "host/lanes/held_rows.hpp"
#include "host/lanes/lines_lane.hpp"

namespace trunkline::lanes {

namespace {

constexpr std::size_t kRowsAtOnce = 64;

}  // namespace

// After a restart: whoever was set aside is known again before anything newer is read, or it would
// be overtaken.
async::Awaitable<> LinesLane::find_held() {
    const auto prefix = held_prefix(setup_.info.id);
    while (!stopped_) {
        auto rows =
            co_await ground_.reads.rows(store::Table::held, prefix, held_after_, kRowsAtOnce);
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
            held_after_ = row.key;
            store::Record record;
            if (read_held(row.value, record))
                records.push_back(std::move(record));
            else
                spdlog::error("lane.held_unreadable lane={}", setup_.name);
        }
        co_await foresee(records);
        for (const auto& record : records) {
            const auto name = line_of(record);
            auto& line = lines_.try_emplace(name, setup_.policy.retry).first->second;
            ++line.held;
            ++held_;
            make_ready(name, line);
        }
        if (rows->size() < kRowsAtOnce) break;
    }
    found_held_ = true;
    loading_ = false;
    pump();
}

async::Awaitable<> LinesLane::load() {
    const auto end = tail();
    const auto count = static_cast<std::size_t>(
        std::min<store::Sequence>(kWindow - (next_read_ - head_), end - next_read_)
    );
    auto read = co_await ground_.reads.records(setup_.info.id, next_read_, count, kLoadedBytesMax);
    if (!read) {
        alarm("storage", read.error().context);
        loading_ = false;
        read_again_later();
        co_return;
    }
    auto records = *std::move(read);
    std::erase_if(records, [end](const store::Record& record) { return record.sequence >= end; });
    std::vector<store::Record> behind;  // of lines that have been set aside
    // Nothing left to read there means that all of it was finished before.
    next_read_ = records.empty() ? end : records.back().sequence + 1;
    // Finished ones are skipped, so the last of them may lie beyond what progress can be noted for.
    if (next_read_ - head_ > kWindow) {
        next_read_ = head_ + kWindow;
        std::erase_if(records, [this](const store::Record& record) {
            return record.sequence >= next_read_;
        });
    }
    co_await foresee_fresh(records);
    foreseen_ = std::max(foreseen_, next_read_);
    for (auto& record : records) {
        const auto name = line_of(record);
        auto& line = lines_.try_emplace(name, setup_.policy.retry).first->second;
        // Behind what is loaded already it would overtake that.
        if (line.held > 0 && line.queue.empty()) {
            behind.push_back(std::move(record));
            continue;
        }
        loaded_bytes_ += record.body.size();
        line.queue.push_back(std::move(record));
        make_ready(name, line);
    }
    co_await put_aside(std::move(behind));
    loading_ = false;
    pump();
}

// Tells the kind of lane of those it has not heard of.
async::Awaitable<> LinesLane::foresee_fresh(const std::vector<store::Record>& records) {
    const auto fresh = std::ranges::find_if(records, [this](const store::Record& record) {
        return record.sequence >= foreseen_;
    });
    if (fresh == records.end()) co_return;
    const std::span<const store::Record> untold{fresh, records.end()};
    co_await foresee(untold);
}

// What there is no room for yet is read once more when there is. Nothing is loaded meanwhile, so
// that each is told of in its order.
async::Awaitable<> LinesLane::look_ahead() {
    constexpr std::size_t kAtOnce = kWindow;
    const auto end = tail();
    const auto from = std::max(foreseen_, next_read_);
    auto read = co_await ground_.reads.records(setup_.info.id, from, kAtOnce, kLoadedBytesMax);
    if (!read) {
        alarm("storage", read.error().context);
        loading_ = false;
        read_again_later();
        co_return;
    }
    auto records = *std::move(read);
    std::erase_if(records, [end](const store::Record& record) { return record.sequence >= end; });
    foreseen_ = records.empty() ? end : records.back().sequence + 1;
    co_await foresee(records);
    loading_ = false;
    pump();
}

async::Awaitable<> LinesLane::set_aside() {
    std::vector<store::Record> records;
    const auto names = stuck();
    for (const auto& name : names) {
        auto& line = lines_.at(name);
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
    for (const auto& name : names) {
        auto& line = lines_.at(name);
        line.in_flight = false;
        --in_flight_;
        make_ready(name, line);
    }
    setting_aside_ = false;
    pump();
}

/// Of a line that is in flight.
async::Awaitable<> LinesLane::put_line_aside(std::string name) {
    std::vector<store::Record> records;
    for (auto& record : std::exchange(lines_.at(name).queue, {})) {
        loaded_bytes_ -= record.body.size();
        records.push_back(std::move(record));
    }
    co_await put_aside(std::move(records));
}

// The rows and the advance over their places are one write: neither without the other, whatever
// else is being written.
async::Awaitable<> LinesLane::put_aside(std::vector<store::Record> records) {
    if (records.empty()) co_return;
    store::Batch batch;
    std::vector<store::Sequence> sequences;
    for (const auto& record : records) {
        batch.put.push_back({
            .table = store::Table::held,
            .key = held_key(setup_.info.id, line_of(record), record.sequence),
            .value = write_held(record),
            .expires_ms = 0,
        });
        sequences.push_back(record.sequence);
    }
    const bool written = co_await write(std::move(batch), std::move(sequences));
    if (!written) co_return;
    for (const auto& record : records) {
        const auto name = line_of(record);
        auto& line = lines_.try_emplace(name, setup_.policy.retry).first->second;
        ++line.held;
        ++held_;
        make_ready(name, line);
    }
}

async::Awaitable<std::vector<store::Record>> LinesLane::first_of(
    std::string name, std::size_t count, std::uint64_t bytes
) {
    auto& line = lines_.at(name);
    std::vector<store::Record> out;
    std::uint64_t taken = 0;
    const auto fits = [&](const store::Record& record) {
        taken += record.body.size();
        return out.empty() || (out.size() < count && taken <= bytes);
    };
    if (line.held == 0) {
        for (const auto& record : line.queue) {
            if (!fits(record)) break;
            out.push_back(record);
        }
        co_return out;
    }
    auto prefix = held_prefix(setup_.info.id, name);
    std::string from_the_start;
    const auto most = std::min<std::size_t>(std::max<std::size_t>(count, 1), kRowsAtOnce);
    auto rows = co_await ground_.reads.rows(
        store::Table::held, std::move(prefix), std::move(from_the_start), most
    );
    if (!rows || rows->empty()) {
        alarm("storage", rows ? "a record set aside cannot be read" : rows.error().context);
        co_return out;
    }
    for (const auto& row : *rows) {
        store::Record record;
        if (!read_held(row.value, record)) {
            if (out.empty()) alarm("storage", "a record set aside cannot be read");
            break;
        }
        if (!fits(record)) break;
        out.push_back(std::move(record));
    }
    co_return out;
}

// At most so many as one write should hold: whoever asks looks again.
async::Awaitable<LinesLane::Late> LinesLane::late_of(std::string name, WallMs then) {
    Late out;
    const auto note = [&](const store::Record& record) {
        if (is_notice(record)) return true;
        const WallMs due = record.accepted_ms + setup_.policy.retention.count();
        if (due <= then && out.records.size() < kWindow) {
            out.records.push_back(record);
            return true;
        }
        out.next_due_ms = std::max<WallMs>(due, 1);
        return false;
    };
    auto& line = lines_.at(name);
    if (line.held == 0) {
        for (const auto& record : line.queue) {
            if (!note(record)) break;
        }
        co_return out;
    }
    const auto prefix = held_prefix(setup_.info.id, name);
    std::string after;
    for (bool on = true; on;) {
        auto rows = co_await ground_.reads.rows(store::Table::held, prefix, after, kRowsAtOnce);
        if (!rows) break;
        for (const auto& row : *rows) {
            after = row.key;
            store::Record record;
            on = !read_held(row.value, record) || note(record);
            if (!on) break;
        }
        on = on && rows->size() == kRowsAtOnce;
    }
    co_return out;
}

// What is set aside has been advanced over already. Of one line all are, or none.
async::Awaitable<bool> LinesLane::finish(std::vector<store::Record> records, store::Batch batch) {
    const auto given_up = batch.dead.size();
    std::vector<store::Sequence> finishing;
    for (const auto& record : records) {
        auto name = line_of(record);
        if (lines_.at(name).held > 0)
            batch.erase.push_back(
                {.table = store::Table::held,
                 .key = held_key(setup_.info.id, name, record.sequence)}
            );
        else
            finishing.push_back(record.sequence);
    }
    const bool written = co_await write(std::move(batch), std::move(finishing));
    if (!written) co_return false;  // stopped meanwhile: it is done again after the restart
    ground_.figures.dead += given_up;
    for (const auto& record : records) {
        auto& line = lines_.at(line_of(record));
        if (line.held > 0) {
            --line.held;
            --held_;
        } else {
            loaded_bytes_ -= line.queue.front().body.size();
            line.queue.pop_front();
        }
        line.clock.succeeded();
        line.not_before = {};
        line.due_ms = 0;
        ground_.timers.cancel(std::exchange(line.timer, 0));
    }
    co_return true;
}

void LinesLane::replace(const store::Record& instead) {
    auto& line = lines_.at(line_of(instead));
    line.due_ms = 0;
    if (line.held > 0) return;
    const auto place = std::ranges::find(line.queue, instead.sequence, &store::Record::sequence);
    if (place == line.queue.end()) return;
    loaded_bytes_ += instead.body.size();
    loaded_bytes_ -= place->body.size();
    *place = instead;
}

// Tries until it is written: what the receiver has been told cannot be taken back. False when the
// lane is stopped first, but also then it is tried once: whoever opens the lane anew must find it.
async::Awaitable<bool> LinesLane::write(
    store::Batch batch, std::vector<store::Sequence> finishing
) {
    for (bool first = true; first || !stopped_; first = false) {
        auto copy = batch;
        // As it is now: a later write may have got through before this one.
        if (!std::exchange(copy.states, {}).empty()) remember_in(copy);
        if (!finishing.empty()) copy.advance.push_back(progress_with(finishing));
        const auto written = co_await ground_.store.commit(std::move(copy));
        if (written) {
            finished(finishing);
            co_return true;
        }
        alarm("storage", written.error().context);
        if (written.error().fault == Fault::malformed || written.error().fault == Fault::conflict) {
            // It will never fit: what was done stays done, only what was to be told about it is
            // lost.
            batch.append.clear();
            batch.dead.clear();
            batch.conversations.clear();
        }
        if (stopped_) break;
        boost::asio::steady_timer timer{ground_.loop};
        timer.expires_at(std::chrono::steady_clock::time_point::max());
        refused_writes_.push_back(&timer);
        const auto token = ground_.timers.after(kAgain, [&timer] { timer.cancel(); });
        [[maybe_unused]] auto [error] = co_await timer.async_wait(async::kAsTuple);
        ground_.timers.cancel(token);
        std::erase(refused_writes_, &timer);
    }
    co_return false;
}

void LinesLane::alarm(const std::string& code, const std::string& detail) {
    spdlog::error("lane.alarmed lane={} code={} detail={}", setup_.name, code, detail);
    if (!alarms_) alarms_ = std::make_unique<Alarms>();
    alarms_->raise(code, detail, ground_.clock.wall_ms());
    if (ground_.alarm) ground_.alarm(setup_.name, code, detail);
}

void LinesLane::remember_in(store::Batch& batch) {
    batch.states.push_back({.lane = setup_.info.id, .state = memory_.to_text()});
}

void LinesLane::finished(const std::vector<store::Sequence>& sequences) {
    for (const auto sequence : sequences) {
        if (sequence >= head_) done_.insert(sequence);
    }
    while (done_.erase(head_) > 0)
        ++head_;
    // Over what was finished before the lane came to it.
    next_read_ = std::max(next_read_, head_);
    foreseen_ = std::max(foreseen_, head_);
}

// What the lane's progress will be with `finishing`; other writes on their way may already be
// further.
store::Advance LinesLane::progress_with(const std::vector<store::Sequence>& finishing) const {
    auto done = done_;
    auto head = head_;
    for (const auto sequence : finishing) {
        if (sequence >= head) done.insert(sequence);
    }
    while (done.erase(head) > 0)
        ++head;
    return {.lane = setup_.info.id, .through = head - 1, .beyond = {done.begin(), done.end()}};
}

}  // namespace trunkline::lanes
