#include "trunkline/simulator/faults.hpp"

#include <algorithm>
#include <array>
#include <utility>

namespace trunkline::simulator {
namespace {

using Action = Fault::Action;

struct Named {
    std::string_view name;
    Action action;
    bool calls, deliveries;
};
constexpr std::array<Named, 11> kActions{{
    {"error", Action::error, true, false},
    {"5xx", Action::server_error, true, false},
    {"429", Action::too_many, true, false},
    {"html", Action::html, true, false},
    {"drop_before", Action::drop_before, true, true},
    {"drop_after", Action::drop_after, true, true},
    {"delay", Action::delay, true, true},
    {"unknown_field", Action::unknown_field, true, true},
    {"unknown_kind", Action::unknown_kind, false, true},
    {"repeat", Action::repeat, false, true},
    {"token_revoked", Action::token_revoked, true, false},
}};

std::string actions_of(Fault::On on) {
    std::string out;
    for (const Named& one : kActions) {
        if (on == Fault::On::calls ? !one.calls : !one.deliveries) continue;
        out += (out.empty() ? "" : ", ") + std::string{one.name};
    }
    return out;
}

std::string lower(std::string_view text) {
    std::string out{text};
    for (char& c : out)
        c = c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
    return out;
}

void add_to(json::object& object, int depth) {
    if (depth > 0) {
        for (auto& member : object) {
            if (auto* inner = member.value().if_object()) add_to(*inner, depth - 1);
        }
    }
    object["made_up_member"] = json::object{{"since", "tomorrow"}, {"list", {1, "two", nullptr}}};
}

}  // namespace

std::string Fault::name() const {
    for (const Named& one : kActions) {
        if (one.action == action) return std::string{one.name};
    }
    return "";
}

std::variant<Fault, std::string> read_fault(const json::object& from) {
    const json::value whole = from;
    Fault fault;
    std::string action{text_at(whole, "action")};
    if (action == "html502") action = "html";
    const std::string_view on = text_at(whole, "on");
    if (on == "deliveries")
        fault.on = Fault::On::deliveries;
    else if (!on.empty() && on != "calls")
        return "on is calls or deliveries";
    const auto* known = std::find_if(kActions.begin(), kActions.end(), [&](const Named& one) {
        return one.name == action && (fault.on == Fault::On::calls ? one.calls : one.deliveries);
    });
    if (known == kActions.end()) return "action is none of " + actions_of(fault.on);
    fault.action = known->action;
    if (const auto method = text_at(whole, "method"); !method.empty()) fault.method = lower(method);
    fault.skip = number_at(whole, "skip").value_or(0);
    fault.count = number_at(whole, "count").value_or(1);
    fault.delay_ms = number_at(whole, "delay_ms").value_or(0);
    fault.retry_after_s = number_at(whole, "retry_after").value_or(1);
    const int usual = fault.action == Action::server_error ? 500
                      : fault.action == Action::html       ? 502
                                                           : 400;
    fault.refusal.code = static_cast<int>(number_at(whole, "code").value_or(usual));
    fault.refusal.description = text_at(whole, "description");
    if (fault.refusal.description.empty()) fault.refusal.description = "Bad Request: made up";
    if (const auto* more = object_at(whole, "parameters")) fault.refusal.parameters = *more;
    if (fault.skip < 0 || fault.count < 1 || fault.delay_ms < 0 || fault.retry_after_s < 0)
        return "skip, delay_ms and retry_after are at least 0, count is at least 1";
    if (fault.refusal.code < 200 || fault.refusal.code > 599) return "code is a status of HTTP";
    return fault;
}

void Faults::clear() {
    faults_.clear();
}

std::optional<Fault> Faults::take(Fault::On on, const std::string& method) {
    for (auto at = faults_.begin(); at != faults_.end(); ++at) {
        if (at->on != on || (at->method != "*" && at->method != method)) continue;
        if (at->skip > 0) {
            --at->skip;
            continue;
        }
        Fault out = *at;
        if (--at->count <= 0) faults_.erase(at);
        return out;
    }
    return std::nullopt;
}

json::array Faults::as_json() const {
    json::array out;
    for (const Fault& fault : faults_) {
        out.push_back(json::object{
            {"on", fault.on == Fault::On::calls ? "calls" : "deliveries"},
            {"method", fault.method},
            {"action", fault.name()},
            {"skip", fault.skip},
            {"count", fault.count}});
    }
    return out;
}

void add_unknown_members(json::object& object) {
    constexpr int kDepth = 2;  // an update, its message, the message's parts
    add_to(object, kDepth);
}

}  // namespace trunkline::simulator
