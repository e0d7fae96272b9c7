#include "plugins/telegram/simulator/updates.hpp"

namespace trunkline::telegram::simulator {

void Updates::add(
    const std::string& kind, json::object payload, const std::string& queue, WallMs life_ms
) {
    const bool opt_in =
        kind == "message_reaction" || kind == "message_reaction_count" || kind == "chat_member";
    if (allowed.empty() ? opt_in : !allowed.contains(kind)) return;
    kit::Item item;
    item.id = next_id();
    item.queue = queue;
    item.kind = kind;
    item.body = json::object{{"update_id", item.id}, {kind, std::move(payload)}};
    item.expires_ms = world_.now_ms() + life_ms;
    put(std::move(item));
}

}  // namespace trunkline::telegram::simulator
