#include "host/lanes/lane_memory.hpp"

#include <algorithm>

#include <boost/json.hpp>

namespace trunkline::lanes {

namespace json = boost::json;

namespace {

constexpr std::size_t kErrorBytesMax = 300;
constexpr std::size_t kRejectedMax = 10;

std::int64_t number(const json::object& object, std::string_view name) {
    const auto* value = object.if_contains(name);
    if (value == nullptr) return 0;
    if (value->is_int64()) return value->get_int64();
    return value->is_uint64() ? static_cast<std::int64_t>(value->get_uint64()) : 0;
}

std::string text(const json::object& object, std::string_view name) {
    const auto* value = object.if_contains(name);
    return value != nullptr && value->is_string() ? std::string{value->get_string()}
                                                  : std::string{};
}

}  // namespace

std::string LaneMemory::to_text() const {
    json::object object;
    if (order) object["order"] = to_string(*order);
    json::array later;
    for (const Turn& turn : turns)
        later.push_back(json::array{turn.through, to_string(turn.order)});
    if (!later.empty()) object["turns"] = std::move(later);
    if (failures > 0) {
        object["failures"] = failures;
        object["since"] = failing_since_ms;
    }
    if (next_attempt_ms > 0) object["next"] = next_attempt_ms;
    if (!paused_reason.empty()) object["paused"] = paused_reason;
    if (failures > 0 || !paused_reason.empty()) {
        object["status"] = last_status;
        object["error"] = last_error.substr(0, kErrorBytesMax);
    }
    if (!rejected_ms.empty())
        object["rejected"] = json::array(rejected_ms.begin(), rejected_ms.end());
    if (trial_sequence > 0) {
        object["trial"] = trial_sequence;
        object["trial_id"] = trial_id.text();
    }
    return object.empty() ? std::string{} : json::serialize(object);
}

LaneMemory LaneMemory::from_text(const std::string& state) {
    LaneMemory memory;
    boost::system::error_code error;
    const auto parsed = json::parse(state, error);
    if (error || !parsed.is_object()) return memory;
    const auto& object = parsed.get_object();
    memory.failures = static_cast<std::uint32_t>(
        std::clamp<std::int64_t>(number(object, "failures"), 0, 1'000'000)
    );
    memory.failing_since_ms = number(object, "since");
    memory.order = order_of(text(object, "order"));
    if (const auto* turns = object.if_contains("turns"); turns != nullptr && turns->is_array()) {
        for (const auto& each : turns->get_array()) {
            const auto* pair = each.if_array();
            if (pair == nullptr || pair->size() != 2 || !(*pair)[1].is_string()) continue;
            boost::system::error_code no_number;
            const auto through = (*pair)[0].to_number<std::uint64_t>(no_number);
            const auto order = order_of((*pair)[1].get_string());
            if (!no_number && order) memory.turns.push_back({through, *order});
        }
    }
    memory.next_attempt_ms = number(object, "next");
    memory.paused_reason = text(object, "paused");
    memory.last_status = static_cast<int>(number(object, "status"));
    memory.last_error = text(object, "error");
    if (const auto* times = object.if_contains("rejected"); times != nullptr && times->is_array()) {
        for (const auto& time : times->get_array()) {
            if (time.is_int64() && memory.rejected_ms.size() < kRejectedMax)
                memory.rejected_ms.push_back(time.get_int64());
        }
    }
    if (Ulid id; Ulid::parse(text(object, "trial_id"), id)) {
        memory.trial_id = id;
        memory.trial_sequence = static_cast<store::Sequence>(number(object, "trial"));
    }
    return memory;
}

}  // namespace trunkline::lanes
