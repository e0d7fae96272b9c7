#include "portal/desk/hub.hpp"

#include <boost/json/serialize.hpp>

namespace trunkline::portal::desk {

namespace {

constexpr std::size_t kFramesKept = 64;
constexpr std::size_t kLanesShown = 32;

}  // namespace

void Hub::changed() {
    for (auto* wake : listeners_)
        wake->call();
}

void Hub::push(std::string text) {
    frames_.push_back({next_++, std::move(text)});
    if (frames_.size() > kFramesKept) frames_.pop_front();
    changed();
}

void Hub::passing(const boost::json::object& typing) {
    push("event: typing\ndata: " + boost::json::serialize(typing) + "\n\n");
}

void Hub::backlog(const std::string& lane, const boost::json::object& left) {
    const auto known = backlogs_.find(lane);
    if (left.empty() && known == backlogs_.end()) return;
    if (left.empty()) {
        backlogs_.erase(known);
    } else if (known != backlogs_.end() || backlogs_.size() < kLanesShown) {
        backlogs_[lane] = left;
    }
    push("event: backlog\ndata: " + boost::json::serialize(backlogs()) + "\n\n");
}

std::string Hub::passed(std::uint64_t& after) const {
    std::string text;
    for (const auto& frame : frames_) {
        if (frame.number >= after) text += frame.text;
    }
    after = next_;
    return text;
}

boost::json::object Hub::backlogs() const {
    boost::json::object all;
    for (const auto& [lane, left] : backlogs_)
        all[lane] = left;
    return all;
}

void Hub::close() {
    closed_ = true;
    changed();
}

}  // namespace trunkline::portal::desk
