#include <algorithm>
#include <array>
#include <set>

#include "host/config/bind.hpp"
#include "host/config/forms.hpp"

namespace trunkline::config {
namespace {

using std::chrono::hours;
using std::chrono::minutes;
using std::chrono::seconds;

constexpr std::array<const char*, 13> kEventTypes{
    "message",
    "edited",
    "deleted",
    "reaction",
    "callback",
    "status",
    "typing",
    "presence",
    "read",
    "member",
    "conversation",
    "unsupported",
    "notice",
};

void bind_lane(Section& s, Lane& lane) {
    s.text("name", lane.name, "name of the lane", true);
    s.texts("events", lane.events, "event types it takes; empty = all that no other lane names");
    s.one_of("order", lane.order, {"sequential", "keyed", "parallel"}, "which order is kept");
    s.one_of(
        "delivery",
        lane.delivery,
        {"guaranteed", "best_effort"},
        "kept until accepted, or tried once"
    );
    s.number("streams", lane.streams, 1, 64, "parallel requests of a keyed or parallel lane");
    s.duration(
        "retention",
        lane.retention,
        seconds{1},
        hours{24 * 30},
        "how long an undeliverable event waits"
    );
    s.section("batch", "what goes into one request", [&](Section& b) {
        b.number("max_messages", lane.batch.max_messages, 1, 1000, "events per request");
        b.size(
            "max_bytes",
            lane.batch.max_bytes,
            kKiB,
            16 * kMiB,
            "about how many bytes of events per request"
        );
        b.duration(
            "linger",
            lane.batch.linger,
            milliseconds{0},
            seconds{5},
            "how long a batch waits to fill"
        );
    });
    s.section("retry", "how it waits after a failure", [&](Section& r) {
        r.duration(
            "first", lane.retry.first, milliseconds{10}, hours{1}, "first wait, doubled each time"
        );
        r.duration("max", lane.retry.max, milliseconds{10}, hours{24}, "longest wait");
        if (lane.retry.max < lane.retry.first) r.problem("max", "is shorter than first");
    });
    s.duration("timeout", lane.timeout, milliseconds{100}, minutes{5}, "longest request");
    if (s.describing()) return;
    if (!is_name(lane.name)) s.problem("name", "\"" + lane.name + "\" is not [a-z0-9_-]");
    for (const std::string& type : lane.events) {
        if (std::find(kEventTypes.begin(), kEventTypes.end(), type) == kEventTypes.end())
            s.problem("events", "\"" + type + "\" is no event type");
    }
    if (lane.order == "sequential" && lane.streams != 1)
        s.problem(
            "streams", "a sequential lane has one: it sends nothing before the last is taken"
        );
    if (lane.delivery == "best_effort" && lane.events.empty())
        s.problem("events", "a best-effort lane must name its events");
    if (lane.batch.linger >= lane.retention)
        s.problem("batch.linger", "is not shorter than retention: nothing would ever leave");
}

void check_lanes(Section& s, const Portal& portal) {
    std::set<std::string> names;
    std::set<std::string> taken;
    std::size_t catch_all = 0;
    for (std::size_t i = 0; i < portal.lanes.size(); ++i) {
        const Lane& lane = portal.lanes[i];
        if (!names.insert(lane.name).second)
            s.problem("lanes", "two lanes are called " + lane.name);
        if (lane.delivery == "guaranteed" && lane.batch.max_bytes > portal.limits.waiting_bytes)
            s.problem(
                ("lanes[" + std::to_string(i) + "].batch.max_bytes").c_str(),
                "is larger than limits.waiting_bytes: no batch would ever be full"
            );
        if (lane.delivery == "guaranteed" && lane.events.empty()) ++catch_all;
        for (const std::string& type : lane.events) {
            if (!taken.insert(type).second) s.problem("lanes", "two lanes take " + type);
        }
    }
    if (catch_all != 1)
        s.problem(
            "lanes",
            "exactly one guaranteed lane must leave events out, to take what no other names"
        );
}

void check_license(Section& s, const char* key, const Secret& given) {
    if (s.describing() || given.empty()) return;
    if (const std::string wrong = license_problem(given.reveal()); !wrong.empty())
        s.problem(key, wrong);
}

}  // namespace

void bind_portal(Section& s, Portal& portal) {
    s.text("id", portal.id, "name of the portal", true);
    s.text("url", portal.url, "where its events are posted", true);
    s.text(
        "warn_url",
        portal.warn_url,
        "where its owner is told when events have waited for 50, 80 and 95 % of their retention"
    );
    s.secret("license_key", portal.license_key, "tlk_...; seals both directions", true);
    check_license(s, "license_key", portal.license_key);
    s.secret("next_license_key", portal.next_license_key, "the second key while rotating");
    check_license(s, "next_license_key", portal.next_license_key);
    s.boolean("encrypt", portal.encrypt, "host to portal; false only with https or loopback");
    s.one_of("format", portal.format, {"json", "protobuf"}, "form of the events");
    if (portal.format == "protobuf") s.not_in_this_version("format", "the format protobuf");
    s.boolean("allow_private", portal.allow_private, "this portal may live on a private network");
    s.boolean(
        "accept_html",
        portal.accept_html,
        "take a 2xx with an HTML body as an acceptance (normally a parked page)"
    );
    s.section("limits", "what this portal may use", [&](Section& l) {
        l.number(
            "events_per_second",
            portal.limits.events_per_second,
            1,
            1'000'000,
            "accepted from its accounts"
        );
        l.size("waiting_bytes", portal.limits.waiting_bytes, kMiB, 1024 * kGiB, "waiting per lane");
        l.number(
            "commands_per_second",
            portal.limits.commands_per_second,
            1,
            100'000,
            "taken from the portal"
        );
        l.size(
            "media_bytes", portal.limits.media_bytes, kKiB, 10 * kGiB, "largest file, either way"
        );
        l.size(
            "copied_bytes",
            portal.limits.copied_bytes,
            0,
            1024 * kGiB,
            "of keep.copied_bytes, for this portal"
        );
    });
    std::vector<Lane> lanes;
    s.list("lanes", "queues to this portal; default: messages and presence", [&](Section& l) {
        lanes.emplace_back();
        bind_lane(l, lanes.back());
    });
    if (s.describing()) return;
    if (s.has("lanes")) portal.lanes = lanes;
    portal.place = s.place();
    check_lanes(s, portal);
    if (!portal.id.empty() && !is_name(portal.id))
        s.problem("id", "\"" + portal.id + "\" is not [a-z0-9_-]");
    const std::string host = host_of(portal.url);
    if (!portal.url.empty() && host.empty()) s.problem("url", "is not an http or https URL");
    const std::string warned = host_of(portal.warn_url);
    if (!portal.warn_url.empty() && warned.empty())
        s.problem("warn_url", "is not an http or https URL");
    const auto open_to_all = [](const std::string& url, const std::string& at) {
        return !at.empty() && !url.starts_with("https://") && !is_loopback(at);
    };
    if (!portal.encrypt && (open_to_all(portal.url, host) || open_to_all(portal.warn_url, warned)))
        s.problem("encrypt", "false needs https or loopback");
}

}  // namespace trunkline::config
