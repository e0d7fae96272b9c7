#include "plugins/telegram/simulator/updates.hpp"

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
    ends_.emplace(update.expires_ms, update.id);
    Line& line = lines_[queue];
    line.ids.insert(update.id);
    waiting_.emplace_hint(waiting_.end(), update.id, std::move(update));
    make_due(queue, line);
    ++version;
}

void Updates::confirm_below(std::int64_t id) {
    for (auto at = waiting_.begin(); at != waiting_.end() && at->first < id;)
        at = drop(at);
}

void Updates::keep_last(std::size_t count) {
    while (waiting_.size() > count)
        drop(waiting_.begin());
}

json::array Updates::list(std::size_t limit) const {
    json::array out;
    for (const auto& [id, update] : waiting_) {
        if (out.size() == limit) break;
        if (update.expires_ms > world_.now_ms()) out.push_back(update.body);
    }
    return out;
}

std::optional<std::string> Updates::take_queue() {
    while (!due_.empty()) {
        std::string queue = std::move(due_.front());
        due_.pop_front();
        const auto at = lines_.find(queue);
        if (at == lines_.end()) continue;  // emptied since
        at->second.due = false;
        if (at->second.taken) continue;
        if (at->second.ids.empty()) {
            lines_.erase(at);
            continue;
        }
        at->second.taken = true;
        return queue;
    }
    return std::nullopt;
}

void Updates::give_back(const std::string& queue) {
    const auto at = lines_.find(queue);
    if (at == lines_.end()) return;
    at->second.taken = false;
    if (at->second.ids.empty())
        lines_.erase(at);
    else
        make_due(queue, at->second);
}

const Update* Updates::front(const std::string& queue) {
    drop_expired();
    const auto at = lines_.find(queue);
    if (at == lines_.end() || at->second.ids.empty()) return nullptr;
    return &waiting_.at(*at->second.ids.begin());
}

void Updates::remove(std::int64_t id) {
    if (const auto at = waiting_.find(id); at != waiting_.end()) drop(at);
}

void Updates::clear() {
    while (!waiting_.empty())
        drop(waiting_.begin());
}

void Updates::make_due(const std::string& queue, Line& line) {
    if (line.taken || line.due) return;
    line.due = true;
    due_.push_back(queue);
}

Updates::Waiting::iterator Updates::drop(Waiting::iterator at) {
    const Update& update = at->second;
    ends_.erase({update.expires_ms, update.id});
    if (const auto line = lines_.find(update.queue); line != lines_.end()) {
        line->second.ids.erase(update.id);
        // One that is taken or due is looked at again, and forgotten, when its turn comes.
        if (line->second.ids.empty() && !line->second.taken && !line->second.due)
            lines_.erase(line);
    }
    return waiting_.erase(at);
}

void Updates::drop_expired() {
    while (!ends_.empty() && ends_.begin()->first <= world_.now_ms())
        drop(waiting_.find(ends_.begin()->second));
}

}  // namespace trunkline::telegram::simulator
