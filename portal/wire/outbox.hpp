#pragma once

#include <cstdint>
#include <functional>
#include <vector>

#include "host/base/clock.hpp"
#include "portal/store/commands.hpp"
#include "portal/store/store.hpp"
#include "portal/wire/backoff.hpp"
#include "portal/wire/host_door.hpp"
#include "portal/wire/wake.hpp"

namespace trunkline::portal::wire {

/// Brings stored commands to the host: in order, with the same ids until each is accepted or
/// refused, so that an operator's answer survives a host that is away and a portal that is killed.
/// Belongs to one loop. Owner: main.
class Outbox {
public:
    /// `told` is called on the loop whenever a command's state changed.
    Outbox(
        async::Loop& loop,
        store::Store& store,
        HostDoor& door,
        const Clock& clock,
        std::function<void()> told
    );

    async::Awaitable<> run();  ///< until `stop`
    void poke() { wake_.call(); }
    void stop();

    enum class Round { idle, progress, trouble };
    /// One request at most. `pause()` then says how long to leave the host alone.
    async::Awaitable<Round> send_round();
    std::chrono::milliseconds pause() { return backoff_.next(asked_pause_); }

private:
    async::Awaitable<Round> settle(std::vector<store::WaitingCommand> sent, HostAnswer answer);
    async::Awaitable<Round> refuse_the_only_one(std::string id, std::string why);
    async::Awaitable<> note_maybe_arrived(std::vector<store::WaitingCommand> sent);

    store::Store& store_;
    HostDoor& door_;
    const Clock& clock_;
    std::function<void()> told_;
    Wake wake_;
    Backoff backoff_;
    std::chrono::milliseconds asked_pause_{0};
    std::int64_t at_once_ =
        kAtOnceMax;  ///< halved when the host finds a request too large or does not understand it
    bool stopping_ = false;

    static constexpr std::int64_t kAtOnceMax = 32;
};

}  // namespace trunkline::portal::wire
