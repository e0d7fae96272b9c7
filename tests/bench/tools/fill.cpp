// Fills a store with events that wait for portals, through the engine, as fast as it takes them;
// the host is started on it afterwards.
//   trunkline-bench-fill STORE KEY_FILE LANES EVENTS_EACH BYTES URL
// Lane i is that of portal p<i>, which counts as opened at URL/p<i>; "{i}" in it is i / 256 and
// i % 256, with a dot between: an address of its own. Its events are of conversation i.
#include <chrono>
#include <cstdio>
#include <string>
#include <vector>

#include "host/base/clock.hpp"
#include "host/store/store.hpp"
#include "host/store_key.hpp"
#include "host/universal/universal.pb.h"
#include "tests/bench/tools/http.hpp"
#include "tests/bench/tools/message.hpp"

namespace {

using namespace trunkline;
using bench::give_up;

constexpr std::size_t kTogether = 1'000;

std::string event_of(std::size_t lane, std::uint32_t number, std::size_t bytes, WallMs now) {
    universal::Event event;
    event.set_type("message");
    event.set_time(now);
    event.set_received(now);
    event.set_connector("telegram");
    event.set_account("p" + std::to_string(lane));
    event.set_line("l");
    event.mutable_conversation()->set_id(std::to_string(lane));
    event.mutable_conversation()->set_kind("direct");
    event.mutable_sender()->set_id(std::to_string(lane));
    event.mutable_sender()->set_name("Ada Lovelace");
    auto& message = *event.mutable_message();
    message.set_id(std::to_string(number));
    bench::Fields fields;
    fields.conversation = static_cast<std::uint32_t>(lane);
    fields.number = number;
    message.set_text(bench::mark_of(fields) + ' ');
    const auto have = event.ByteSizeLong();
    if (have < bytes) message.mutable_text()->append(bench::filler(bytes - have));
    return event.SerializeAsString();
}

std::vector<store::LaneId> open_lanes(
    store::Store& store, std::size_t lanes, const std::string& url
) {
    std::vector<store::LaneId> out;
    store::Batch opened;
    for (std::size_t i = 0; i < lanes; ++i) {
        const auto portal = "p" + std::to_string(i);
        const auto lane = store.open_lane("portal/" + portal + "/messages", 0);
        if (!lane) give_up(lane.error().context);
        out.push_back(lane->id);
        store::Put row;
        row.table = store::Table::portal;
        row.key = "opened" + std::string(1, '\0') + portal;
        row.value = url + '/' + portal;
        if (const auto own = row.value.find("{i}"); own != std::string::npos)
            row.value.replace(own, 3, std::to_string(i / 256) + '.' + std::to_string(i % 256));
        opened.put.push_back(std::move(row));
        if (opened.put.size() < kTogether && i + 1 < lanes) continue;
        const auto written = store.commit_and_wait(std::exchange(opened, {}));
        if (!written) give_up(written.error().context);
    }
    return out;
}

void append_all(
    store::Store& store,
    const Clock& clock,
    const std::vector<store::LaneId>& lanes,
    std::uint32_t each,
    std::size_t bytes
) {
    store::Batch batch;
    const auto write = [&] {
        const auto written = store.commit_and_wait(std::exchange(batch, {}));
        if (!written) give_up(written.error().context);
    };
    for (std::uint32_t number = 1; number <= each; ++number) {
        for (std::size_t lane = 0; lane < lanes.size(); ++lane) {
            const auto now = clock.wall_ms();
            auto& append = batch.append.emplace_back();
            append.lane = lanes[lane];
            append.conversation = std::to_string(lane);
            append.id = make_ulid(now);
            append.accepted_ms = now;
            append.body = event_of(lane, number, bytes, now);
            if (batch.append.size() == kTogether) write();
        }
    }
    if (!batch.append.empty()) write();
}

}  // namespace

int main(int argc, char** argv) {
    if (argc != 7)
        give_up("usage: trunkline-bench-fill STORE KEY_FILE LANES EVENTS_EACH BYTES URL");
    store::Options options;
    options.path = argv[1];
    auto key = load_store_key(argv[2]);
    if (!key) give_up(key.error().context);
    options.key = *std::move(key);
    const SystemClock clock;
    auto opened = store::open_rocksdb(options, clock);
    if (!opened) give_up(opened.error().context);
    auto& store = **opened;
    using Steady = std::chrono::steady_clock;
    const auto seconds = [](Steady::time_point since) {
        return std::chrono::duration<double>(Steady::now() - since).count();
    };
    const auto began = Steady::now();
    const auto lanes = open_lanes(store, std::stoul(argv[3]), argv[6]);
    const auto lanes_s = seconds(began);
    const auto filling = Steady::now();
    const auto each = static_cast<std::uint32_t>(std::stoul(argv[4]));
    append_all(store, clock, lanes, each, std::stoul(argv[5]));
    const auto fill_s = seconds(filling);
    store.close();
    std::printf(
        "{\"lanes\":%zu,\"events\":%zu,\"lanes_s\":%.2f,\"fill_s\":%.2f,\"per_s\":%.0f}\n",
        lanes.size(),
        lanes.size() * each,
        lanes_s,
        fill_s,
        static_cast<double>(lanes.size() * each) / fill_s
    );
}
