#include "trunkline/simulator/polls.hpp"

namespace trunkline::simulator {
namespace {

/// Delays asked for by faults and expiry are noticed within it.
constexpr milliseconds kLook{50};

}  // namespace

Polls::Polls(Loop& loop, Outbox& outbox, bool one_at_a_time)
    : loop_{loop}, outbox_{outbox}, one_at_a_time_{one_at_a_time} {
    outbox_.on_change.emplace_back([this] { look(); });
}

void Polls::begin(std::size_t limit, milliseconds timeout, Done done) {
    if (one_at_a_time_) end_all(End::replaced);
    json::array list = outbox_.list(limit);
    if (!list.empty() || timeout.count() <= 0) return done(End::answered, std::move(list));
    const std::uint64_t number = ++last_;
    waiting_[number] = {limit, timeout / kLook + 1, std::move(done)};
    tick(number);
}

void Polls::stop() {
    end_all(End::stopped);
}

void Polls::tick(std::uint64_t number) {
    loop_.after(kLook, [this, number] {
        const auto at = waiting_.find(number);
        if (at == waiting_.end()) return;
        json::array list = outbox_.list(at->second.limit);
        if (list.empty() && --at->second.looks_left > 0) return tick(number);
        const Done done = std::move(at->second.done);
        waiting_.erase(at);
        done(End::answered, std::move(list));
    });
}

void Polls::look() {
    if (waiting_.empty()) return;
    // Not within the change: several things that happen at once come with one answer.
    loop_.post([this] {
        for (auto at = waiting_.begin(); at != waiting_.end();) {
            json::array list = outbox_.list(at->second.limit);
            if (list.empty()) {
                ++at;
                continue;
            }
            const Done done = std::move(at->second.done);
            at = waiting_.erase(at);
            done(End::answered, std::move(list));
        }
    });
}

void Polls::end_all(End how) {
    const auto ended = std::move(waiting_);
    waiting_.clear();
    for (const auto& [number, poll] : ended)
        poll.done(how, {});
}

}  // namespace trunkline::simulator
