#pragma once

#include <memory>
#include <optional>
#include <string>

#include "host/async/signal.hpp"
#include "host/inbound/inbound.hpp"

namespace trunkline::inbound {

/// One webhook at its account: the connector's task, and the answer to the messenger as soon as
/// there is one. The task may go on after its answer. On the account's loop.
class Visit final : public tasks::Sink, public std::enable_shared_from_this<Visit> {
public:
    /// `ground` and `store` outlive the task.
    Visit(
        const Ground& ground,
        store::Store& store,
        std::shared_ptr<accounts::Account> account,
        tasks::Start start
    );

    /// Starts the task and waits for what the messenger is to be told. Once.
    async::Awaitable<net::Response> answer_to_messenger();

    async::Awaitable<Result<void>> commit(tasks::Durable durable) override;
    void answer(tasks::Answer given) override;

private:
    async::Awaitable<> run();
    async::Awaitable<net::Response> conclude(tasks::End end);
    async::Awaitable<net::Response> set_aside(std::string reason);
    async::Awaitable<net::Response> without_connector();
    void reply(net::Response response);

    const Ground& ground_;
    store::Store& store_;
    const std::shared_ptr<accounts::Account> account_;
    tasks::Start start_;
    const Payload payload_;  // the quarantine may need it when the task has taken its own
    EventSink events_;
    bool answered_ = false;
    net::Response response_;
    async::Signal signal_;
};

/// 503: the messenger keeps what it has and sends it again.
net::Response not_now(std::string_view why, std::chrono::milliseconds wait = {});

}  // namespace trunkline::inbound
