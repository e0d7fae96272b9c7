#include "host/net/body_budget.hpp"

namespace trunkline::net {

bool BodyBudget::hold(Body& body, std::uint64_t bytes, bool unfinished) {
    body.used_ = true;
    const std::lock_guard lock{mutex_};
    if (body.lost_) return false;
    body.bytes_ += bytes;
    peers_[body.place] += bytes;
    all_ += bytes;
    if (unfinished && !body.listed_) body.position_ = unfinished_.insert(unfinished_.end(), &body);
    if (!unfinished && body.listed_) unfinished_.erase(body.position_);
    body.listed_ = unfinished;
    while (peers_[body.place] > peer_max_ || all_ > all_max_) {
        Body* victim = first_to_give_way(body);
        if (victim == nullptr || victim == &body) {
            drop(body);
            return false;
        }
        drop(*victim);
        if (victim->give_way) victim->give_way();
    }
    return true;
}

void BodyBudget::let_go(Body& body) noexcept {
    if (!body.used_) return;  // most requests have no body
    const std::lock_guard lock{mutex_};
    drop(body);
    body.used_ = body.lost_ = false;
}

std::uint64_t BodyBudget::held() const {
    const std::lock_guard lock{mutex_};
    return all_;
}

BodyBudget::Body* BodyBudget::oldest_of(std::size_t place) const noexcept {
    for (Body* body : unfinished_) {
        if (body->place == place) return body;
    }
    return nullptr;
}

// Nobody gives way to a peer that holds more than they do.
BodyBudget::Body* BodyBudget::first_to_give_way(const Body& newcomer) const noexcept {
    if (peers_[newcomer.place] > peer_max_) return oldest_of(newcomer.place);
    Body* found = nullptr;
    for (Body* body : unfinished_) {
        if (found == nullptr || peers_[body->place] > peers_[found->place]) found = body;
    }
    const bool greedier = found != nullptr && peers_[found->place] >= peers_[newcomer.place];
    return greedier ? found : nullptr;
}

void BodyBudget::drop(Body& body) noexcept {
    if (body.listed_) unfinished_.erase(body.position_);
    body.listed_ = false;
    body.lost_ = true;
    peers_[body.place] -= body.bytes_;
    all_ -= body.bytes_;
    body.bytes_ = 0;
}

}  // namespace trunkline::net
