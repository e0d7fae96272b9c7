// Dead letters looked at by people: back into the lane, or away for good.
#include <utility>

#include "host/lanes/table_parts.hpp"

namespace trunkline::lanes {

namespace {

constexpr std::size_t kAtOnce = 1'000;

Result<std::vector<store::DeadRecord>> find_all(
    const store::Store& store, store::LaneId lane, const std::vector<store::Sequence>& sequences
) {
    std::vector<store::DeadRecord> out;
    for (const auto sequence : sequences) {
        auto found = store.dead(lane, sequence - 1, 1);
        if (!found) return found.error();
        if (sequence == 0 || found->empty() || found->front().record.sequence != sequence) {
            return Error{Fault::not_found, "no dead letter " + std::to_string(sequence)};
        }
        out.push_back(std::move(found->front()));
    }
    return out;
}

}  // namespace

async::Awaitable<Result<std::size_t>> LaneTable::requeue(
    std::string name, std::vector<store::Sequence> sequences
) {
    const auto impl = impl_;
    const auto found = co_await impl->entry(name);
    if (!found || found->id == 0) co_return Error{Fault::not_found, "no lane " + name};
    if (sequences.size() > kAtOnce) co_return Error{Fault::malformed, "at most 1000 at once"};
    std::sort(sequences.begin(), sequences.end());  // their order of old is the best there is
    sequences.erase(std::unique(sequences.begin(), sequences.end()), sequences.end());
    const auto lane = found->id;
    const auto find = [&store = impl->services.store, lane, &sequences] {
        return find_all(store, lane, sequences);
    };
    auto records = co_await impl->services.pool.run(find);
    if (!records) co_return records.error();
    store::Batch batch;
    for (auto& dead : *records) {
        store::Append append;
        append.lane = lane;
        append.conversation = std::move(dead.record.conversation);
        append.id = dead.record.id;
        append.accepted_ms = impl->services.clock.wall_ms();  // its time starts anew
        append.flags = dead.record.flags | store::kRequeued;
        append.body = std::move(dead.record.body);
        append.requeued = dead.record.sequence;
        batch.append.push_back(std::move(append));
        batch.discard_dead.emplace_back(lane, dead.record.sequence);
    }
    const auto count = batch.append.size();
    if (count == 0) co_return count;
    const auto written = co_await impl->services.store.commit(std::move(batch));
    if (!written) co_return written.error();
    impl->requeued += count;
    co_return count;
}

async::Awaitable<Result<std::size_t>> LaneTable::discard(
    std::string name, std::vector<store::Sequence> sequences
) {
    const auto impl = impl_;
    const auto found = co_await impl->entry(name);
    if (!found || found->id == 0) co_return Error{Fault::not_found, "no lane " + name};
    if (sequences.size() > kAtOnce) co_return Error{Fault::malformed, "at most 1000 at once"};
    const auto lane = found->id;
    const auto find = [&store = impl->services.store, lane, &sequences] {
        return find_all(store, lane, sequences);
    };
    const auto records = co_await impl->services.pool.run(find);
    if (!records) co_return records.error();
    store::Batch batch;
    for (const auto sequence : sequences)
        batch.discard_dead.emplace_back(lane, sequence);
    const auto written = co_await impl->services.store.commit(std::move(batch));
    if (!written) co_return written.error();
    co_return sequences.size();
}

async::Awaitable<Result<std::vector<store::DeadRecord>>> LaneTable::dead_letters(
    std::string name, store::Sequence after, std::size_t count
) {
    const auto impl = impl_;
    const auto found = co_await impl->entry(name);
    if (!found || found->id == 0) co_return Error{Fault::not_found, "no lane " + name};
    const auto lane = found->id;
    const auto ask = [&store = impl->services.store, lane, after, count] {
        return store.dead(lane, after, std::min(count, kAtOnce));
    };
    auto read = co_await impl->services.pool.run(ask);
    co_return read;
}

}  // namespace trunkline::lanes
