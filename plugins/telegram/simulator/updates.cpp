#include "plugins/telegram/simulator/updates.hpp"

#include <algorithm>

namespace trunkline::telegram::simulator {

void Updates::add(
    const std::string& kind, json::object payload, const std::string& queue, WallMs life_ms
) {
    const bool opt_in = kind == "message_reaction" || kind == "chat_member";
    if (allowed.empty() ? opt_in : !allowed.contains(kind)) return;
    Update update;
    update.id = ++last_;
    update.queue = queue;
    update.body = json::object{{"update_id", update.id}, {kind, std::move(payload)}};
    update.expires_ms = world_.now_ms() + life_ms;
    waiting_.push_back(std::move(update));
    ++version;
}

void Updates::confirm_below(std::int64_t id) {
    std::erase_if(waiting_, [&](const Update& update) { return update.id < id; });
}

void Updates::keep_last(std::size_t count) {
    while (waiting_.size() > count)
        waiting_.pop_front();
}

json::array Updates::list(std::size_t limit) const {
    json::array out;
    for (const Update& update : waiting_) {
        if (out.size() == limit) break;
        if (update.expires_ms > world_.now_ms()) out.push_back(update.body);
    }
    return out;
}

const Update* Updates::front(const std::string& queue) {
    std::erase_if(waiting_, [&](const Update& update) {
        return update.expires_ms <= world_.now_ms();
    });
    const auto at = std::find_if(waiting_.begin(), waiting_.end(), [&](const Update& update) {
        return update.queue == queue;
    });
    return at == waiting_.end() ? nullptr : &*at;
}

std::vector<std::string> Updates::queues() const {
    std::set<std::string> seen;
    for (const Update& update : waiting_)
        seen.insert(update.queue);
    return {seen.begin(), seen.end()};
}

void Updates::remove(std::int64_t id) {
    std::erase_if(waiting_, [&](const Update& update) { return update.id == id; });
}

}  // namespace trunkline::telegram::simulator
