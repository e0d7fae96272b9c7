#include "host/admin/replacing.hpp"

#include <boost/json.hpp>

#include "host/admin/samples.hpp"

namespace trunkline::admin {
namespace {

namespace json = boost::json;

bool flag(const Call& call, std::string_view name) {
    const auto* value = call.body.if_contains(name);
    return value != nullptr && value->is_bool() && value->get_bool();
}

json::value attempt_of(const reload::Attempt& attempt) {
    if (attempt.at_ms == 0) return nullptr;
    return json::object{
        {"time", rfc3339(attempt.at_ms)},
        {"result", attempt.result},
        {"from", attempt.from},
        {"to", attempt.to},
        {"reason", attempt.reason},
        {"accounts", attempt.accounts},
        {"took_ms", attempt.took_ms},
        {"pause_us", {{"median", attempt.pause_us_median}, {"max", attempt.pause_us_max}}},
    };
}

}  // namespace

json::object replacing_of(const reload::Report& report) {
    return {
        {"previous", report.previous},
        {"soaking", report.soaking},
        {"draining", report.draining},
        {"zombies", report.zombies},
        {"last_attempt", attempt_of(report.last)},
    };
}

net::Response show_diff(const Rooms& rooms, const Call& call) {
    const reload::Report report = rooms.reloader.report(call.path.at(1));
    if (!report.comparison)
        return net::problem(404, "not_found", "no candidate of this connector was compared yet");
    json::array differences;
    for (const reload::Difference& each : report.comparison->differences) {
        differences.push_back(json::object{
            {"task", each.task},
            {"input", each.input + 1},
            {"what", each.what},
            {"was", each.was},
            {"is", each.is},
            {"stops", each.stops}});
    }
    return answer(json::object{
        {"tasks", report.comparison->tasks},
        {"same", report.comparison->same},
        {"left_out", report.comparison->left_out},
        {"last_attempt", attempt_of(report.last)},
        {"differences", std::move(differences)}});
}

async::Awaitable<net::Response> show_recent(const Rooms& rooms, Call call) {
    auto cases = co_await rooms.reloader.recent(call.path.at(1));
    if (!cases) co_return refusal(cases.error());
    net::Response response;
    response.headers.push_back({"Content-Type", "application/jsonl"});
    response.body = std::move(*cases);
    co_return response;
}

async::Awaitable<std::optional<net::Response>> act_on_plugin(const Rooms& rooms, Call call) {
    std::optional<net::Response> out;
    if (call.path.size() != 3 || call.path.front() != "plugins") co_return out;
    const std::string name = call.path[1];
    const std::string verb = call.path[2];
    Result<void> done;
    if (verb == "reload")
        done = co_await rooms.reloader.reload(
            name, {.force = flag(call, "force"), .older = flag(call, "allow_older")}
        );
    else if (verb == "rollback")
        done = co_await rooms.reloader.roll_back(name);
    else if (verb == "disable")
        done = co_await rooms.reloader.disable(name);
    else
        co_return out;
    if (!done) {
        // Of a file that is refused the words are the answer; the request was in order.
        out = done.error().fault == Fault::not_found || done.error().fault == Fault::conflict
                  ? refusal(done.error())
                  : net::problem(422, "refused", done.error().context);
        co_return out;
    }
    json::object said{{"status", "done"}};
    said["last_attempt"] = attempt_of(rooms.reloader.report(name).last);
    out = answer(std::move(said));
    co_return out;
}

void write_replacing(const Rooms& rooms, std::string& out) {
    const auto reports = rooms.reloader.reports();
    Family attempts{
        out,
        "trunkline_plugin_attempts_total",
        "counter",
        "Attempts to replace a connector: served, refused, taken_back."};
    for (const auto& [connector, report] : reports) {
        for (const auto& [result, count] : report.attempts)
            attempts.add(count, label("connector", connector) + "," + label("result", result));
    }
    Family pause{
        out,
        "trunkline_plugin_switch_seconds",
        "gauge",
        "Longest time an account stood still in the latest replacement."};
    for (const auto& [connector, report] : reports)
        pause.add(
            static_cast<double>(report.last.pause_us_max) / 1e6, label("connector", connector)
        );
    Family zombies{
        out, "trunkline_plugin_zombies", "gauge", "Former libraries that stayed mapped."};
    for (const auto& [connector, report] : reports)
        zombies.add(report.zombies, label("connector", connector));
    Family draining{
        out,
        "trunkline_plugin_draining",
        "gauge",
        "Former generations that still finish something."};
    for (const auto& [connector, report] : reports)
        draining.add(report.draining, label("connector", connector));
    Family soaking{
        out, "trunkline_plugin_soaking", "gauge", "1 while a new generation may be taken back."};
    for (const auto& [connector, report] : reports)
        soaking.add(std::uint64_t{report.soaking}, label("connector", connector));
}

}  // namespace trunkline::admin
