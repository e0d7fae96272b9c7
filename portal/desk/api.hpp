#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "host/net/server.hpp"
#include "portal/desk/disk_files.hpp"
#include "portal/desk/hub.hpp"
#include "portal/desk/media.hpp"
#include "portal/store/store.hpp"
#include "portal/wire/host_door.hpp"

namespace trunkline::portal::desk {

/// The JSON API of the page (docs/portals). Belongs to one loop. Owner: main.
class Api {
public:
    struct Parts {
        async::Loop& loop;
        store::Store& store;
        std::shared_ptr<Hub> hub;
        wire::HostDoor& host;
        DiskFiles& files;
        Media& media;
        const Clock& clock;
        std::string portal;
        std::function<void()> queued;  ///< a command is waiting: wake outbox and uploads
    };
    explicit Api(Parts parts) : parts_{std::move(parts)} {}

    /// `path`: the segments after "api". `request` lives until the answer is made.
    async::Awaitable<net::Response> handle(net::Request& request, std::vector<std::string> path);

private:
    using Answer = async::Awaitable<net::Response>;

    Answer events(net::Request& request);
    Answer stream(net::Request& request);
    Answer conversations(net::Request& request);
    Answer take_file(net::Request& request);
    Answer give_file(net::Request& request, std::string id);
    Answer messages(net::Request& request, std::int64_t conversation);
    Answer edits(std::int64_t conversation, std::int64_t message);
    Answer send(net::Request& request, std::int64_t conversation);
    Answer alter_message(net::Request& request, std::int64_t conversation, std::int64_t message);
    Answer typing(net::Request& request, std::int64_t conversation);
    Answer seen(std::int64_t conversation);
    Answer of_conversation(net::Request& request, std::vector<std::string> path);

    /// Sends what is of no use later: once, without keeping it, and only one at a time.
    void send_passing(boost::json::object command);

    Parts parts_;
    bool passing_ = false;
};

}  // namespace trunkline::portal::desk
