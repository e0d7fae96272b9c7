#pragma once

#include <algorithm>
#include <map>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include <boost/asio/post.hpp>

#include "host/async/await.hpp"
#include "host/store/store.hpp"

namespace trunkline::lanes::test {

/// A store on one loop whose every step can be repeated: nothing runs beside it, writes can be made
/// to fail, and `crash()` forgets what was written without `durable`, as a kill would.
class FakeStore final : public store::Store {
public:
    struct Stored {
        store::Record record;
        bool dropped = false;
    };
    struct Progress {
        store::Sequence head = 1;
        std::set<store::Sequence> beyond;
        std::string state;
    };
    struct LaneData {
        std::string name;
        std::uint64_t epoch = 0;
        std::map<store::Sequence, store::Record> records;
        std::map<std::string, store::Sequence> conversations;
        std::map<store::Sequence, store::DeadRecord> dead;
        store::Sequence tail = 1;
        Progress now, synced;
    };

    explicit FakeStore(const Clock& clock) : clock_{clock} {}

    bool failing = false;  ///< writes fail with `storage`
    bool yielding = true;  ///< a write completes on a later turn of the loop
    std::uint64_t writes = 0;

    void crash() {
        for (auto& [id, lane] : lanes_)
            lane.now = lane.synced;
    }
    LaneData& data(store::LaneId lane) { return lanes_.at(lane); }
    std::map<std::string, std::string>& table(store::Table table) { return rows_[table]; }

    using Store::open_lane;
    Result<store::LaneInfo> open_lane(const std::string& name, std::uint64_t) override {
        for (const auto& [id, lane] : lanes_) {
            if (lane.name == name) return *this->lane(id);
        }
        const auto id = static_cast<store::LaneId>(lanes_.size() + 1);
        lanes_[id].name = name;
        lanes_[id].epoch = static_cast<std::uint64_t>(clock_.wall_ms());
        return *lane(id);
    }

    std::optional<store::LaneInfo> lane(store::LaneId id) const override {
        const auto found = lanes_.find(id);
        if (found == lanes_.end()) return std::nullopt;
        const auto& lane = found->second;
        store::LaneInfo info;
        info.id = id;
        info.name = lane.name;
        info.epoch = lane.epoch;
        info.head = lane.now.head;
        info.tail = lane.tail;
        info.beyond.assign(lane.now.beyond.begin(), lane.now.beyond.end());
        for (auto at = lane.records.lower_bound(info.head); at != lane.records.end(); ++at) {
            info.waiting_bytes += at->second.body.size();
        }
        info.state = lane.now.state;
        return info;
    }

    std::vector<store::LaneInfo> lanes(const std::string& from, const std::string& to)
        const override {
        std::map<std::string, store::LaneInfo> named;
        for (const auto& [id, data] : lanes_) {
            if (data.name >= from && (to.empty() || data.name < to)) named[data.name] = *lane(id);
        }
        std::vector<store::LaneInfo> out;
        for (auto& [name, info] : named)
            out.push_back(std::move(info));
        return out;
    }

    async::Awaitable<Result<store::Receipt>> commit(store::Batch batch) override {
        const auto executor = co_await async::net::this_coro::executor;
        if (yielding) co_await async::net::post(executor, async::kAwait);
        co_return commit_and_wait(std::move(batch));
    }

    Result<store::Receipt> commit_and_wait(store::Batch batch) override {
        if (failing) return Error{Fault::storage, "the disk refuses"};
        ++writes;
        for (const auto& advance : batch.advance) {
            auto& lane = lanes_.at(advance.lane);
            if (advance.through >= lane.tail)
                return Error{Fault::malformed, "advance past the tail"};
            for (auto one : advance.beyond)
                lane.now.beyond.insert(one);
            lane.now.head = std::max(lane.now.head, advance.through + 1);
            close_up(lane);
            if (lane.now.beyond.size() > 256)
                return Error{Fault::malformed, "too many beyond the head"};
        }
        for (auto& dead : batch.dead) {
            if (auto failed = give_up(dead); !failed) return failed.error();
        }
        store::Receipt receipt;
        std::set<store::LaneId> appended;
        for (auto& append : batch.append)
            receipt.positions.push_back(take(append, appended));
        for (const auto& [lane, sequence] : batch.discard_dead)
            lanes_.at(lane).dead.erase(sequence);
        for (const auto& put : batch.put)
            rows_[put.table][put.key] = put.value;
        for (const auto& erase : batch.erase)
            rows_[erase.table].erase(erase.key);
        for (const auto& state : batch.states)
            lanes_.at(state.lane).now.state = state.state;
        if (batch.durable) {
            for (auto& [id, lane] : lanes_)
                lane.synced = lane.now;
        }
        for (auto lane : appended) {
            if (listener_) listener_(lane);
        }
        return receipt;
    }

    Result<std::vector<store::Record>> read(
        store::LaneId id, store::Sequence from, std::size_t count, std::uint64_t bytes
    ) const override {
        const auto& lane = lanes_.at(id);
        std::vector<store::Record> out;
        std::uint64_t total = 0;
        for (auto at = lane.records.lower_bound(std::max(from, lane.now.head));
             at != lane.records.end();
             ++at) {
            if (out.size() >= count) break;
            if (lane.now.beyond.contains(at->first)) continue;
            total += at->second.body.size();
            if (!out.empty() && total > bytes) break;
            out.push_back(at->second);
        }
        return out;
    }

    Result<std::optional<store::Row>> row(store::Table table, const std::string& key)
        const override {
        const auto rows = rows_.find(table);
        if (rows == rows_.end() || !rows->second.contains(key)) return std::optional<store::Row>{};
        return std::optional{
            store::Row{.key = key, .value = rows->second.at(key), .expires_ms = 0}};
    }

    Result<std::vector<store::Row>> rows(
        store::Table table, const std::string& prefix, const std::string& after, std::size_t count
    ) const override {
        std::vector<store::Row> out;
        const auto rows = rows_.find(table);
        if (rows == rows_.end()) return out;
        const auto& all = rows->second;
        for (auto at = after.empty() ? all.lower_bound(prefix) : all.upper_bound(after);
             at != all.end();
             ++at) {
            if (!at->first.starts_with(prefix) || out.size() >= count) break;
            out.push_back({.key = at->first, .value = at->second, .expires_ms = 0});
        }
        return out;
    }

    Result<store::Conversation> conversation(store::LaneId, const std::string&) const override {
        return store::Conversation{};
    }

    Result<std::vector<store::DeadRecord>> dead(
        store::LaneId id, store::Sequence after, std::size_t count
    ) const override {
        std::vector<store::DeadRecord> out;
        const auto& all = lanes_.at(id).dead;
        for (auto at = all.upper_bound(after); at != all.end() && out.size() < count; ++at)
            out.push_back(at->second);
        return out;
    }

    void on_append(std::function<void(store::LaneId)> listener) override {
        listener_ = std::move(listener);
    }
    bool read_only() const noexcept override { return failing; }
    Figures figures() const override { return {}; }
    void close() override {}

private:
    static void close_up(LaneData& lane) {
        auto& now = lane.now;
        std::erase_if(now.beyond, [&](auto one) { return one < now.head; });
        while (now.beyond.erase(now.head) > 0)
            ++now.head;
    }

    Result<void> give_up(store::DeadLetter& dead) {
        auto& lane = lanes_.at(dead.lane);
        store::Record record;
        if (dead.record) {
            record = *dead.record;
        } else {
            if (dead.sequence < lane.now.head || lane.now.beyond.contains(dead.sequence)) {
                return Error{Fault::conflict, "already finished"};
            }
            if (!lane.records.contains(dead.sequence))
                return Error{Fault::not_found, "no such record"};
            if (!dead.instead && dead.sequence != lane.now.head)
                return Error{Fault::malformed, "not at the head"};
            record = lane.records.at(dead.sequence);
        }
        if (dead.keep) {
            lane.dead[dead.sequence] = store::DeadRecord{
                .record = record,
                .reason = dead.reason,
                .detail = dead.detail,
                .last_status = dead.last_status,
                .attempts = dead.attempts,
                .died_ms = clock_.wall_ms(),
            };
        }
        if (dead.record) return {};
        if (dead.instead) {
            auto& place = lane.records.at(dead.sequence);
            const auto former = std::exchange(place, store::Record{});
            // As in the store: the place in the conversation is only that conversation's.
            if (former.conversation == dead.instead->conversation)
                place.conversation_sequence = former.conversation_sequence;
            place.sequence = dead.sequence;
            place.id = dead.instead->id;
            place.accepted_ms = dead.instead->accepted_ms;
            place.flags = dead.instead->flags;
            place.conversation = dead.instead->conversation;
            place.body = dead.instead->body;
        } else {
            ++lane.now.head;
            close_up(lane);
        }
        return {};
    }

    store::Position take(const store::Append& append, std::set<store::LaneId>& appended) {
        auto& lane = lanes_.at(append.lane);
        store::Record record;
        record.sequence = lane.tail++;
        record.conversation_sequence =
            append.conversation.empty() ? 0 : ++lane.conversations[append.conversation];
        record.id = append.id;
        record.accepted_ms = append.accepted_ms;
        record.flags = append.flags;
        record.conversation = append.conversation;
        record.body = append.body;
        record.requeued = append.requeued;
        const store::Position at{record.sequence, record.conversation_sequence, false};
        lane.records.emplace(record.sequence, std::move(record));
        appended.insert(append.lane);
        return at;
    }

    const Clock& clock_;
    std::map<store::LaneId, LaneData> lanes_;
    std::map<store::Table, std::map<std::string, std::string>> rows_;
    std::function<void(store::LaneId)> listener_;
};

}  // namespace trunkline::lanes::test
