#include "host/admin/metrics.hpp"

#include <fstream>

#include <unistd.h>

#include "host/admin/connector_metrics.hpp"
#include "host/admin/lists.hpp"
#include "host/admin/quota.hpp"
#include "host/admin/replacing.hpp"
#include "host/admin/samples.hpp"

namespace trunkline::admin {
namespace {

std::uint64_t resident_bytes() {
    std::ifstream in{"/proc/self/statm"};
    std::uint64_t total = 0;
    std::uint64_t resident = 0;
    in >> total >> resident;
    return resident * static_cast<std::uint64_t>(sysconf(_SC_PAGESIZE));
}

void write_store(const Rooms& rooms, std::string& out) {
    const store::Store::Figures f = rooms.store.figures();
    Family{out, "trunkline_store_commits_total", "counter", "Written batches."}.add(f.commits);
    Family{out, "trunkline_store_syncs_total", "counter", "Synced writes."}.add(f.syncs);
    Family{out, "trunkline_store_appended_total", "counter", "Records appended to lanes."}.add(
        f.appended
    );
    Family{
        out,
        "trunkline_store_repeats_total",
        "counter",
        "Records dropped because they were accepted before."}
        .add(f.repeats);
    Family{out, "trunkline_store_appended_bytes_total", "counter", "Bytes of appended records."}
        .add(f.bytes_appended);
    Family{
        out, "trunkline_store_dead_letters_total", "counter", "Records moved to the dead letters."}
        .add(f.dead_letters);
    Family{out, "trunkline_store_failures_total", "counter", "Writes the disk refused."}.add(
        f.failures
    );
    Family{out, "trunkline_store_read_only", "gauge", "1 while the disk refuses writes."}.add(
        std::uint64_t{rooms.store.read_only() ? 1U : 0U}
    );
}

void write_accounts(const Rooms& rooms, std::string& out) {
    struct Row {
        const char* name;
        const char* help;
        std::atomic<std::uint64_t> accounts::AccountFigures::*member;
    };
    constexpr std::array<Row, 8> kRows{{
        {"trunkline_account_received_total",
         "Events accepted.",
         &accounts::AccountFigures::received},
        {"trunkline_account_repeats_total",
         "Redeliveries recognised.",
         &accounts::AccountFigures::repeats},
        {"trunkline_account_forged_total",
         "Requests that were not authentic.",
         &accounts::AccountFigures::forged},
        {"trunkline_account_quarantined_total",
         "Payloads nobody understood.",
         &accounts::AccountFigures::quarantined},
        {"trunkline_account_refused_total",
         "Payloads refused with 503.",
         &accounts::AccountFigures::refused},
        {"trunkline_account_sent_total",
         "Commands that ended as sent.",
         &accounts::AccountFigures::sent},
        {"trunkline_account_failed_total",
         "Commands that ended as failed.",
         &accounts::AccountFigures::failed},
        {"trunkline_account_unknown_total",
         "Commands whose fate is not known.",
         &accounts::AccountFigures::unknown},
    }};
    for (const Row& row : kRows) {
        Family family{out, row.name, "counter", row.help};
        for (const auto& [id, account] : rooms.directory.accounts())
            family.add((account->figures.*row.member).load(), label("account", id));
    }
    Family state{out, "trunkline_account_state", "gauge", "1 for the state an account is in."};
    for (const auto& [id, account] : rooms.directory.accounts())
        state.add(
            std::uint64_t{1},
            label("account", id) + "," +
                label("state", std::string{to_string(account->health().state)})
        );
}

void write_lanes(
    const std::vector<lanes::LaneStatus>& lanes,
    const lanes::LaneFigures& total,
    WallMs now,
    std::string& out
) {
    Family{out, "trunkline_lanes_delivered_total", "counter", "Events taken by their receiver."}
        .add(total.delivered);
    Family{out, "trunkline_lanes_deliveries_total", "counter", "Requests to receivers."}.add(
        total.deliveries
    );
    Family{out, "trunkline_lanes_failures_total", "counter", "Deliveries that failed."}.add(
        total.failures
    );
    Family{out, "trunkline_lanes_dead_total", "counter", "Events given up on."}.add(total.dead);
    Family{out, "trunkline_lanes_dropped_total", "counter", "Best-effort events dropped."}.add(
        total.dropped
    );
    Family{out, "trunkline_lanes_in_flight", "gauge", "Requests under way."}.add(total.in_flight);
    Family depth{out, "trunkline_lane_depth", "gauge", "Events waiting in a lane."};
    for (const auto& lane : lanes)
        depth.add(lane.depth, label("lane", lane.name));
    Family age{out, "trunkline_lane_oldest_seconds", "gauge", "Age of the oldest waiting event."};
    for (const auto& lane : lanes)
        age.add(
            lane.oldest_ms > 0 ? static_cast<double>(now - lane.oldest_ms) / 1000.0 : 0.0,
            label("lane", lane.name)
        );
    Family failing{out, "trunkline_lane_failures", "gauge", "Failures in a row."};
    for (const auto& lane : lanes)
        failing.add(std::uint64_t{lane.failures}, label("lane", lane.name));
    Family alarms{out, "trunkline_alarms_total", "counter", "Times a lane called a person."};
    for (const auto& lane : lanes) {
        for (const auto& [code, count] : lane.alarms.counts)
            alarms.add(count, label("lane", lane.name) + "," + label("code", code));
    }
}

void write_net(const Rooms& rooms, std::string& out) {
    const auto [public_side, admin_side] = rooms.servers();
    Family requests{out, "trunkline_http_requests_total", "counter", "Requests answered."};
    requests.add(public_side.requests, label("side", "public"))
        .add(admin_side.requests, label("side", "admin"));
    Family bad{out, "trunkline_http_bad_total", "counter", "Requests that were no good HTTP."};
    bad.add(public_side.bad, label("side", "public")).add(admin_side.bad, label("side", "admin"));
    Family open{out, "trunkline_http_connections", "gauge", "Open connections."};
    open.add(public_side.connections, label("side", "public"))
        .add(admin_side.connections, label("side", "admin"));
    net::Client::Figures calls;
    for (const auto& client : rooms.clients.all()) {
        const net::Client::Figures f = client->figures();
        calls.requests += f.requests;
        calls.failures += f.failures;
        calls.in_flight += f.in_flight;
    }
    Family{out, "trunkline_calls_total", "counter", "Requests to messengers and portals."}.add(
        calls.requests
    );
    Family{out, "trunkline_calls_failed_total", "counter", "Of these, without an answer."}.add(
        calls.failures
    );
    Family{out, "trunkline_calls_in_flight", "gauge", "Of these, under way."}.add(calls.in_flight);
}

void write_copies(const Rooms& rooms, std::string& out) {
    const media::Copies::Figures kept = rooms.copies.figures();
    const media::Copier::Figures work = rooms.copier.figures();
    Family{out, "trunkline_media_copies", "gauge", "Copies of files that die at their messenger."}
        .add(kept.files);
    Family{out, "trunkline_media_copies_bytes", "gauge", "What they take on disk."}.add(kept.bytes);
    Family{out, "trunkline_media_copies_bytes_max", "gauge", "What they may take."}.add(
        kept.bytes_max
    );
    Family{out, "trunkline_media_copied_total", "counter", "Files copied."}.add(work.copied);
    Family{out, "trunkline_media_copied_bytes_total", "counter", "Bytes copied."}.add(
        work.copied_bytes
    );
    Family{
        out,
        "trunkline_media_copy_retries_total",
        "counter",
        "Tries to copy a file that failed and are made again."}
        .add(work.retried);
    Family{
        out,
        "trunkline_media_copy_failed_total",
        "counter",
        "Files that were to be copied and are lost."}
        .add(work.failed);
    Family{
        out, "trunkline_media_copy_refused_total", "counter", "Files not copied for want of room."}
        .add(work.refused);
    Family{out, "trunkline_media_copying", "gauge", "Files being copied."}.add(work.at_work);
}

void write_profiles(const Rooms& rooms, std::string& out) {
    const inbound::Profiles::Figures f = rooms.profiles.figures();
    Family{out, "trunkline_profiles_asked_total", "counter", "Profiles asked for."}.add(f.asked);
    Family{out, "trunkline_profiles_failed_total", "counter", "Of these, without an answer."}.add(
        f.failed
    );
    Family{out, "trunkline_profiles_told_total", "counter", "Profiles that said something new."}
        .add(f.told);
    Family{
        out,
        "trunkline_profiles_dropped_total",
        "counter",
        "Profiles not asked for because too many waited."}
        .add(f.dropped);
}

}  // namespace

async::Awaitable<std::string> write_metrics(const Rooms& rooms) {
    auto lanes = co_await all_lanes(rooms);
    auto total = co_await rooms.lanes.figures();
    std::string out;
    Family{out, "trunkline_build_info", "gauge", "The version."}.add(
        std::uint64_t{1}, label("version", TRUNKLINE_VERSION)
    );
    Family{out, "process_resident_memory_bytes", "gauge", "Resident memory."}.add(resident_bytes());
    write_store(rooms, out);
    write_accounts(rooms, out);
    write_waits(rooms, out);
    write_lanes(lanes, total, rooms.clock.wall_ms(), out);
    write_net(rooms, out);
    write_copies(rooms, out);
    write_profiles(rooms, out);
    Family plugins{
        out, "trunkline_plugin_state", "gauge", "1 for the state a connector's file is in."};
    for (const plugins::PluginInfo& info : rooms.catalogue.list()) {
        plugins.add(
            std::uint64_t{1},
            label("connector", info.manifest.id.text()) + "," +
                label("version", info.manifest.version) + "," + label("state", info.state)
        );
    }
    write_replacing(rooms, out);
    auto figures = co_await connector_figures(rooms);
    write_connectors(figures, out);
    write_children(rooms.children.totals(), out);
    write_own_metrics(own_metrics(rooms), out);
    co_return out;
}

}  // namespace trunkline::admin
