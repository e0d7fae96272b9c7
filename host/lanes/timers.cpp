#include "host/lanes/timers.hpp"

#include <optional>
#include <utility>

namespace trunkline::lanes {

struct LoopTimers::State {
    explicit State(async::Loop& loop) : timer{std::in_place, loop} {}

    std::optional<boost::asio::steady_timer> timer;  // none once closed
    std::map<std::pair<Time, Token>, std::function<void()>> waits;
    std::unordered_map<Token, Time> times;
    Token next = 1;
    bool dead = false;
};

LoopTimers::LoopTimers(async::Loop& loop) : state_{std::make_shared<State>(loop)} {}

LoopTimers::~LoopTimers() {
    close();
}

void LoopTimers::close() {
    state_->dead = true;
    state_->times.clear();
    const auto waits =
        std::exchange(state_->waits, {});  // what they hold may come back here as it dies
    state_->timer.reset();
}

void LoopTimers::arm(const std::shared_ptr<State>& state) {
    if (state->dead || state->waits.empty()) return;
    state->timer->expires_at(state->waits.begin()->first.first
    );  // ends the wait before, which then does nothing
    state->timer->async_wait([state](const boost::system::error_code& error) {
        if (error || state->dead) return;
        const auto now = std::chrono::steady_clock::now();
        while (!state->dead && !state->waits.empty() && state->waits.begin()->first.first <= now) {
            auto first = state->waits.begin();
            auto fire = std::move(first->second);
            state->times.erase(first->first.second);
            state->waits.erase(first);
            fire();
        }
        arm(state);
    });
}

Timers::Token LoopTimers::after(std::chrono::milliseconds delay, std::function<void()> fire) {
    const auto time = std::chrono::steady_clock::now() + delay;
    const Token token = state_->next++;
    if (state_->dead) return token;
    const auto [at, added] = state_->waits.emplace(std::pair{time, token}, std::move(fire));
    state_->times.emplace(token, time);
    if (at == state_->waits.begin()) arm(state_);
    return token;
}

void LoopTimers::cancel(Token token) {
    const auto time = state_->times.find(token);
    if (time == state_->times.end()) return;
    state_->waits.erase({time->second, token});
    state_->times.erase(time);
}

}  // namespace trunkline::lanes
