// What a keeper and its child say to each other. Nothing that comes is believed.
#include <algorithm>

#include <boost/asio/post.hpp>
#include <trunkline/ext/metrics.h>

#include "host/isolation/keeper.hpp"

// GCC 12 inlines only the first half of the pair of functions that a coroutine frame is allocated
// by, and takes the other for a stranger.
#pragma GCC diagnostic ignored "-Wmismatched-new-delete"

namespace trunkline::isolation {
namespace {

constexpr std::uint32_t kUnaskedMax = 10'000;    // frames without anything being asked
constexpr int kFramesPerTurn = 64;               // then the loop's other work gets its turn
constexpr std::size_t kFrameOfTurn = 1U << 20U;  // a longer frame counts as several
constexpr std::size_t kAsideMax = 1U << 20U;     // of a frame that is no answer

tl_view lend(std::string_view text) {
    return {text.data(), text.size()};
}

}  // namespace

/// None at the end of the child.
async::Awaitable<std::optional<std::string_view>> Keeper::next_frame() {
    for (;;) {
        std::string_view frame;
        switch (inbox_.receive(socket_->native_handle(), frame, false)) {
            case frames::Moved::whole:
                if (frames_in_turn_ >= kFramesPerTurn) {
                    frames_in_turn_ = 0;
                    co_await async::net::post(loop_, async::kAwait);
                }
                frames_in_turn_ += 1 + static_cast<int>(frame.size() / kFrameOfTurn);
                co_return frame;
            case frames::Moved::not_now:
                break;
            case frames::Moved::closed:
                co_return std::nullopt;
            case frames::Moved::forbidden:
                kill("sent what is no frame");
                co_return std::nullopt;
        }
        frames_in_turn_ = 0;
        auto [error] = co_await socket_->async_wait(
            async::net::posix::descriptor_base::wait_read, async::kAsTuple
        );
        if (error) co_return std::nullopt;
    }
}

bool Keeper::take(Child& child, std::string_view frame) {
    if (calls_.empty() && ++unasked_ > kUnaskedMax) return false;
    const auto kind = frames::kind_of(frame).value_or(frames::Kind::hello);
    if (frame.size() > kAsideMax && kind != frames::Kind::reply && kind != frames::Kind::saved)
        return false;
    switch (kind) {
        case frames::Kind::created: {
            frames::Created created;
            return frames::decode(frame, created) && take_answer(created.call, frame);
        }
        case frames::Kind::saved: {
            frames::Saved saved;
            return frames::decode(frame, saved) && take_answer(saved.call, frame);
        }
        case frames::Kind::reply: {
            frames::Reply reply;
            note_refused(child);
            return frames::decode(frame, reply) && take_answer(reply.call, frame);
        }
        case frames::Kind::log: {
            frames::Log log;
            if (!frames::decode(frame, log)) return false;
            const auto tenant = tenants_.find(log.instance);
            if (tenant != tenants_.end())
                tenant->second->said(log.level, log.text);
            else
                host_.log(host_.ctx, log.level, lend(log.text));
            return true;
        }
        case frames::Kind::metrics:
            return count(frame);
        case frames::Kind::ask_file: {
            frames::AskFile ask;
            if (!frames::decode(frame, ask)) return false;
            const auto tenant = tenants_.find(ask.instance);
            frames::TellFile told;
            told.there =
                tenant != tenants_.end() && tenant->second->has_file(std::string{ask.file});
            send(frames::encode(told));
            return true;
        }
        case frames::Kind::hello:
        case frames::Kind::create:
        case frames::Kind::destroy:
        case frames::Kind::save:
        case frames::Kind::handle:
        case frames::Kind::tell_file:
            break;
    }
    return false;
}

bool Keeper::count(std::string_view frame) {
    frames::Metrics metrics;
    if (!frames::decode(frame, metrics)) return false;
    const auto* table =
        static_cast<const tl_metrics*>(host_.extension(host_.ctx, lend(TL_EXT_METRICS)));
    if (table == nullptr) return true;
    // The table judges names and numbers again.
    for (const frames::MetricChange& change : metrics.changes) {
        if (change.gauge)
            (void)table->gauge(table->ctx, lend(change.name), change.value);
        else
            (void)table->count(
                table->ctx,
                lend(change.name),
                static_cast<std::uint64_t>(std::max<std::int64_t>(change.value, 0))
            );
    }
    return true;
}

bool Keeper::take_answer(std::uint64_t call, std::string_view frame) {
    if (calls_.empty() || calls_.front()->id != call) return false;
    const auto answered = std::move(calls_.front());
    calls_.pop_front();
    unasked_ = 0;
    watch();
    answered->ended = true;
    if (!answered->waited_for) return true;
    answered->answer.frame.emplace(frame);
    answered->signal.notify();
    return true;
}

void Keeper::send(std::string frame) {
    if (child_ == nullptr || !socket_) return;
    unsent_.push_back(std::move(frame));
    if (!sending_) send_waiting();
}

void Keeper::send_waiting() {
    while (!unsent_.empty()) {
        switch (frames::send_frame(socket_->native_handle(), unsent_.front(), false)) {
            case frames::Moved::whole:
                unsent_.pop_front();
                continue;
            case frames::Moved::closed:
                return;  // its end is noticed where it is read
            case frames::Moved::forbidden:
                return kill("could not be sent a frame");
            case frames::Moved::not_now:
                break;
        }
        sending_ = true;
        socket_->async_wait(
            async::net::posix::descriptor_base::wait_write,
            [this, weak = weak_from_this(), epoch = epoch_](boost::system::error_code error) {
                const auto self = weak.lock();
                if (!self || epoch != epoch_) return;
                sending_ = false;
                if (!error && socket_) send_waiting();
            }
        );
        return;
    }
}

}  // namespace trunkline::isolation
