#include "trunkline/simulator/loop.hpp"

#include <csignal>

#include <boost/asio/post.hpp>
#include <boost/asio/signal_set.hpp>
#include <boost/asio/steady_timer.hpp>

#include "loop_parts.hpp"

namespace trunkline::simulator {

namespace asio = boost::asio;

std::int64_t system_now() {
    return std::chrono::duration_cast<milliseconds>(
               std::chrono::system_clock::now().time_since_epoch()
    )
        .count();
}

Loop::Loop() : parts_{std::make_unique<Parts>()} {}
Loop::~Loop() = default;

void Loop::post(std::function<void()> work) {
    asio::post(parts_->io, std::move(work));
}

void Loop::after(milliseconds how_long, std::function<void()> work) {
    auto timer = std::make_shared<asio::steady_timer>(parts_->io, how_long);
    timer->async_wait([timer, work = std::move(work)](const boost::system::error_code& error) {
        if (!error) work();
    });
}

void Loop::run_until_signal() {
    std::signal(SIGPIPE, SIG_IGN);
    asio::signal_set signals{parts_->io, SIGINT, SIGTERM};
    signals.async_wait([this](const boost::system::error_code&, int) { parts_->io.stop(); });
    parts_->io.run();
}

bool Loop::run_until(const std::function<bool()>& done, milliseconds at_most) {
    const auto limit = std::chrono::steady_clock::now() + at_most;
    while (!done()) {
        if (std::chrono::steady_clock::now() > limit) return false;
        parts_->io.restart();
        parts_->io.run_one_for(milliseconds{20});
    }
    return true;
}

}  // namespace trunkline::simulator
