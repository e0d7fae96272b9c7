#pragma once

#include <string>

#include "host/net/client.hpp"
#include "host/net/server.hpp"
#include "portal/store/store.hpp"

namespace trunkline::portal::desk {

struct MediaOptions {
    bool fetch = true;
    bool allow_private = false;
    std::uint64_t bytes_max = 100ULL << 20U;
};

/// Shows customers' files and pictures through the portal, so that the page talks to one origin and
/// the host's addresses never leave the server. Only addresses that came in an authentic event are
/// fetched: this is no open proxy.
class Media {
public:
    Media(MediaOptions options, net::Client& client, store::Store& store)
        : options_{options}, client_{client}, store_{store} {}

    /// `which`: an attachment's place, or "avatar".
    async::Awaitable<net::Response> of_message(
        std::int64_t message, std::string which, std::string range
    );
    async::Awaitable<net::Response> avatar_of_conversation(std::int64_t conversation);

private:
    struct Source {
        std::string url, mime, name;
    };
    async::Awaitable<net::Response> relay(Source source, std::string range);

    MediaOptions options_;
    net::Client& client_;
    store::Store& store_;
};

}  // namespace trunkline::portal::desk
