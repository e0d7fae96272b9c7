#pragma once

#include <memory>
#include <string>
#include <vector>

#include <boost/json/object.hpp>

#include "host/accounts/directory.hpp"
#include "host/inbound/acceptance.hpp"
#include "host/media/files.hpp"
#include "host/net/server.hpp"
#include "host/outbound/under_way.hpp"
#include "host/store/store.hpp"
#include "host/universal/json.hpp"

namespace trunkline::outbound {

/// The door for portals' commands. Owner: main. `[any]`
class Commands {
public:
    struct Services {
        const inbound::Ground& ground;
        accounts::Directory& directory;
        store::Store& store;
        async::BlockingPool& pool;
        media::Files& files;
        std::string public_url;
    };
    explicit Commands(Services services) : services_{std::move(services)} {}

    /// One sealed request, from its bytes to `202 {"results":[...]}`. 401 says nothing about why;
    /// 503 when nothing could be written and the whole request may be sent again.
    async::Awaitable<net::Response> handle(
        std::shared_ptr<accounts::Portal> portal, net::Request request
    );

private:
    /// One command on its way to its answer.
    struct Entry {
        universal::ReadCommand read;
        std::shared_ptr<accounts::Account> account;
        boost::json::object answer;      ///< empty while undecided
        bool remembered = false;         ///< the answer is one given before
        const Entry* same_as = nullptr;  ///< an earlier one of this request with the same id
        store::Conversation facts;
    };

    /// What of a request outlives it.
    struct Letter {
        std::string id, timestamp, signature, content_type, body;
    };

    // On the portal's loop.
    async::Awaitable<net::Response> take(std::shared_ptr<accounts::Portal> portal, Letter letter);
    async::Awaitable<Result<void>> look_up(accounts::Portal& portal, std::vector<Entry>* entries);
    void decide(accounts::Portal& portal, Entry& entry);
    async::Awaitable<Result<void>> announce(accounts::Portal& portal, Entry* entry);
    async::Awaitable<Result<void>> accept(accounts::Portal& portal, std::vector<Entry>* entries);
    void pass_on(const Entry& entry);

    Services services_;
    UnderWay under_way_;
};

}  // namespace trunkline::outbound
