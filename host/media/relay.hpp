#pragma once

#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <unordered_map>

#include "host/accounts/directory.hpp"
#include "host/media/files.hpp"
#include "host/media/links.hpp"
#include "host/net/clients.hpp"
#include "host/net/server.hpp"

namespace trunkline::media {

/// Serves `GET /media/{token}/{name}` and `PUT /v1/uploads/{token}`. Owner: main. `[any]`
class Relay {
public:
    /// Asks an account's connector where the bytes of a reference are; on the account's loop.
    using Locate = std::function<async::Awaitable<Result<tasks::Source>>(
        std::shared_ptr<accounts::Account> account, std::string ref
    )>;
    struct Services {
        const Links& links;
        Files& files;
        accounts::Directory& directory;
        net::Clients& clients;
        async::BlockingPool& pool;
        const Clock& clock;
        Locate locate;
    };
    explicit Relay(Services services) : services_{services} {}

    /// Streams a file: the connector finds where its bytes are, the host fetches and passes them
    /// on, a Range included.
    async::Awaitable<net::Response> get(std::string token, std::string name, net::Request request);

    /// Takes an announced file.
    async::Awaitable<net::Response> put(std::string token, net::Request request);

private:
    async::Awaitable<Result<tasks::Source>> find_source(
        std::shared_ptr<accounts::Account> account, std::string ref, bool* remembered
    );
    void forget_source(const accounts::Account& account, const std::string& ref);
    /// The messenger's answer, asked for at most twice: where a file was may have changed.
    async::Awaitable<Result<net::StreamedReply>> fetch(
        std::shared_ptr<accounts::Account> account, std::string ref, std::string range
    );
    async::Awaitable<net::Response> own_file(Link link, std::string range);

    Services services_;
    std::mutex mutex_;  // guards sources_; held for look-ups
    std::unordered_map<std::string, tasks::Source>
        sources_;  // by account and reference, so that a player's many ranges ask the messenger
                   // once
};

}  // namespace trunkline::media
