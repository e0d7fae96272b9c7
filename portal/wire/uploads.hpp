#pragma once

#include <functional>
#include <string>

#include "host/base/clock.hpp"
#include "portal/store/commands.hpp"
#include "portal/store/store.hpp"
#include "portal/wire/backoff.hpp"
#include "portal/wire/host_door.hpp"
#include "portal/wire/wake.hpp"

namespace trunkline::portal::wire {

/// Brings the files of waiting messages to the host: a `media` command, then a PUT to the address
/// it answers. Only then may the outbox send the message. Belongs to one loop. Owner: main.
class Uploads {
public:
    /// `folder` holds the bytes, named by file id. `told`: a message may go out now, or failed.
    Uploads(
        async::Loop& loop,
        std::string folder,
        store::Store& store,
        HostDoor& door,
        const Clock& clock,
        std::function<void()> told
    );

    async::Awaitable<> run();  ///< until `stop`
    void poke() { wake_.call(); }
    void stop();

    enum class Round { idle, progress, trouble };
    async::Awaitable<Round> upload_round();  ///< one file at most

private:
    async::Awaitable<Round> announce(store::FileToSend file);
    async::Awaitable<Round> transfer(
        store::FileToSend file, std::string media, std::string address
    );
    async::Awaitable<Round> refuse(std::string file, std::string code, std::string why);

    std::string folder_;
    store::Store& store_;
    HostDoor& door_;
    const Clock& clock_;
    std::function<void()> told_;
    Wake wake_;
    Backoff backoff_;
    bool stopping_ = false;
};

}  // namespace trunkline::portal::wire
