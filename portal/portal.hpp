#pragma once

#include <memory>

#include "host/net/client.hpp"
#include "portal/config.hpp"
#include "portal/desk/door.hpp"
#include "portal/wire/host_client.hpp"
#include "portal/wire/outbox.hpp"
#include "portal/wire/uploads.hpp"

namespace trunkline::portal {

/// Every part of the portal, in the order in which they need each other. Owner: main.
class Portal {
public:
    /// Opens the store and the folder of files. Fails with what could not be had.
    static Result<std::unique_ptr<Portal>> build(Config config);

    /// Listens, and begins to talk with the host. Fails with the address.
    Result<void> start();

    /// Takes no more connections, lets open requests end, joins the threads.
    void stop();

private:
    /// What can fail, had before any part is made of it. One loop is plenty for a page of
    /// operators, and every part belongs to it. It outlives the threads of store and disk, which
    /// hand their results back to it.
    struct Ground {
        async::Loops loops{1};
        std::unique_ptr<store::Store> store;
        async::BlockingPool disk{2};
        std::unique_ptr<desk::DiskFiles> files;
        std::unique_ptr<net::Client> client;
        std::unique_ptr<seal::KeyRing> receiving_keys, sending_keys;
    };

    Portal(Config config, std::unique_ptr<Ground> ground);
    async::Awaitable<> keep_house();

    Config config_;
    SystemClock clock_;
    std::unique_ptr<Ground> ground_;
    async::Loop& loop_;
    std::shared_ptr<desk::Hub> hub_;
    wire::HostClient host_;
    wire::Outbox outbox_;
    wire::Uploads uploads_;
    wire::Receiver receiver_;
    desk::Media media_;
    desk::Api api_;
    desk::Door door_;
    std::unique_ptr<net::Server> server_;
};

}  // namespace trunkline::portal
