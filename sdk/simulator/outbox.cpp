#include "trunkline/simulator/outbox.hpp"

namespace trunkline::simulator {

void Outbox::set_faults(Faults* faults, std::function<json::object(std::int64_t id)> unknown_kind) {
    faults_ = faults;
    unknown_kind_ = std::move(unknown_kind);
}

void Outbox::put(Item item) {
    const auto fault =
        faults_ == nullptr ? std::nullopt : faults_->take(Fault::On::deliveries, item.kind);
    if (fault) {
        switch (fault->action) {
            case Fault::Action::repeat:
                item.repeats = 1;
                break;
            case Fault::Action::delay:
                item.not_before_ms = now_() + fault->delay_ms;
                break;
            case Fault::Action::drop_before:
                item.unsent = 1;
                break;
            case Fault::Action::drop_after:
                item.lost = 1;
                break;
            case Fault::Action::unknown_field:
                add_unknown_members(item.body);
                break;
            case Fault::Action::unknown_kind: {
                // It comes before the other one, so it takes the other's number.
                Item stranger;
                stranger.id = item.id;
                stranger.queue = item.queue;
                stranger.kind = "unknown";
                stranger.body = unknown_kind_(stranger.id);
                stranger.expires_ms = item.expires_ms;
                const std::int64_t old = item.id;
                item.id = next_id();
                for (auto& member : item.body) {
                    if (member.value() == old) member.value() = item.id;
                }
                insert(std::move(stranger));
                break;
            }
            default:
                break;
        }
    }
    insert(std::move(item));
    for (const auto& told : on_change)
        told();
}

void Outbox::insert(Item item) {
    ends_.emplace(item.expires_ms, item.id);
    const std::string queue = item.queue;
    Line& line = lines_[queue];
    line.ids.insert(item.id);
    const std::int64_t id = item.id;
    waiting_.insert_or_assign(waiting_.end(), id, std::move(item));
    make_due(queue, line);
    ++version;
}

void Outbox::confirm_below(std::int64_t id) {
    for (auto at = waiting_.begin(); at != waiting_.end() && at->first < id;)
        at = drop(at);
}

void Outbox::keep_last(std::size_t count) {
    while (waiting_.size() > count)
        drop(waiting_.begin());
}

json::array Outbox::list(std::size_t limit) const {
    json::array out;
    const std::int64_t now = now_();
    for (const auto& [id, item] : waiting_) {
        if (out.size() >= limit) break;
        if (item.expires_ms <= now) continue;
        if (item.not_before_ms > now) break;  // a later one would confirm it away
        for (std::int64_t times = 0; times <= item.repeats; ++times)
            out.push_back(item.body);
    }
    return out;
}

std::optional<std::string> Outbox::take_queue() {
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

void Outbox::give_back(const std::string& queue) {
    const auto at = lines_.find(queue);
    if (at == lines_.end()) return;
    at->second.taken = false;
    if (at->second.ids.empty())
        lines_.erase(at);
    else
        make_due(queue, at->second);
}

Item* Outbox::front(const std::string& queue) {
    drop_expired();
    const auto at = lines_.find(queue);
    if (at == lines_.end() || at->second.ids.empty()) return nullptr;
    return &waiting_.at(*at->second.ids.begin());
}

Item* Outbox::find(std::int64_t id) {
    const auto at = waiting_.find(id);
    return at == waiting_.end() ? nullptr : &at->second;
}

void Outbox::remove(std::int64_t id) {
    if (const auto at = waiting_.find(id); at != waiting_.end()) drop(at);
}

void Outbox::clear() {
    while (!waiting_.empty())
        drop(waiting_.begin());
}

void Outbox::make_due(const std::string& queue, Line& line) {
    if (line.taken || line.due) return;
    line.due = true;
    due_.push_back(queue);
}

Outbox::Waiting::iterator Outbox::drop(Waiting::iterator at) {
    const Item& item = at->second;
    ends_.erase({item.expires_ms, item.id});
    if (const auto line = lines_.find(item.queue); line != lines_.end()) {
        line->second.ids.erase(item.id);
        // One that is taken or due is looked at again, and forgotten, when its turn comes.
        if (line->second.ids.empty() && !line->second.taken && !line->second.due)
            lines_.erase(line);
    }
    return waiting_.erase(at);
}

void Outbox::drop_expired() {
    const std::int64_t now = now_();
    while (!ends_.empty() && ends_.begin()->first <= now)
        drop(waiting_.find(ends_.begin()->second));
}

}  // namespace trunkline::simulator
