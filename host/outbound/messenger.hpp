#pragma once

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "host/accounts/account.hpp"
#include "host/inbound/inbound.hpp"
#include "host/lanes/destination.hpp"
#include "host/media/files.hpp"
#include "host/net/client.hpp"
#include "host/outbound/foresight.hpp"
#include "host/outbound/status.hpp"
#include "host/store/store.hpp"
#include "host/universal/degrade.hpp"

namespace trunkline::outbound {

/// What delivering to messengers needs. Everything outlives the destinations.
struct Services {
    const inbound::Ground& ground;
    store::Store& store;
    async::BlockingPool& pool;
    media::Files& files;
    net::Client& client;  ///< of the account's loop; fetches files that a command names by address
    WallMs dead_letters_keep_ms = 14LL * 24 * 3600 * 1000;  ///< how long one may be requeued
};

/// An account's messenger as the destination of its lane: degrade, run the connector's task for
/// each part, say how it went. Lives on the account's loop.
class Messenger final : public lanes::KeyedDestination {
public:
    Messenger(std::shared_ptr<accounts::Account> account, Services services)
        : account_{std::move(account)}, services_{services} {}

    async::Awaitable<lanes::KeyedVerdict> deliver(store::Record record, std::uint32_t attempt)
        override;
    async::Awaitable<> foresee(std::span<const store::Record> records) override;
    async::Awaitable<store::Batch> expired(store::Record record) override;
    async::Awaitable<store::Batch> dropped(store::Record record, const lanes::KeyedVerdict& why)
        override;
    std::optional<WallMs> expires_ms(const store::Record& record) override;

private:
    async::Awaitable<store::Batch> give_up(
        store::Record record, std::string code, std::string text
    );
    /// What is known of a command that has begun: after a crash it goes on here instead of from the
    /// start.
    struct Progress {
        std::size_t part = 0;
        std::vector<std::string> messages;
    };
    struct Sending {
        universal::Command command;
        Ulid id;                       ///< of the record; the same when it is requeued
        store::Sequence sequence = 0;  ///< of the record; another one when it is requeued
        store::Conversation facts;
        std::vector<universal::Command> parts;
        std::vector<universal::Change> changes;
        Progress progress;
        inbound::Accepted done;  ///< what goes into the write that ends the command
        std::uint32_t attempt = 1;
    };
    /// Of a command that has to wait for the messenger's limits.
    struct Waiting {
        bool told = false;                                           ///< its portal was
        std::optional<std::chrono::steady_clock::time_point> since;  ///< it is the first in line
    };
    /// One that will have to wait for long.
    struct Late {
        const store::Record* record = nullptr;
        Foresight::Ahead ahead;
    };
    class CommandSink;

    async::Awaitable<lanes::KeyedVerdict> send(Sending* sending);
    async::Awaitable<Result<void>> read_facts(Sending* sending);
    async::Awaitable<Result<void>> prepare(Sending* sending);
    async::Awaitable<Result<void>> attach_files(Sending* sending);
    async::Awaitable<Result<media::File>> fetch(
        universal::Attachment attachment, std::uint32_t attempt
    );
    async::Awaitable<Result<media::File>> keep(
        media::File file, net::BodySource* body, std::uint32_t attempt
    );
    async::Awaitable<Result<std::string>> next_piece(
        net::BodySource* body, std::chrono::steady_clock::time_point deadline
    );
    // Waiting for the messenger's limits (messenger_turns.cpp).
    async::Awaitable<std::optional<lanes::KeyedVerdict>> foresee_turn(Sending* sending);
    async::Awaitable<std::optional<lanes::KeyedVerdict>> take_turn(Sending* sending);
    async::Awaitable<lanes::KeyedVerdict> wait_in_lane(
        Sending* sending, std::chrono::milliseconds wait, lanes::WaitScope scope
    );
    static quotas::Ask ask_of(const Sending& sending);
    async::Awaitable<> begin_waiting(Sending* sending, std::chrono::milliseconds wait);
    void end_waiting(store::Sequence sequence);
    void finished(const store::Record& record);
    async::Awaitable<> tell_delay(Sending* sending, WallMs until_ms);
    async::Awaitable<> tell_late(std::vector<Late> late);
    async::Awaitable<lanes::KeyedVerdict> send_part(Sending* sending);
    async::Awaitable<lanes::KeyedVerdict> judge(Sending* sending, tasks::End end);
    async::Awaitable<lanes::KeyedVerdict> next_part(Sending* sending, std::string value);
    async::Awaitable<lanes::KeyedVerdict> retry(Sending* sending, tasks::Outcome outcome);
    async::Awaitable<lanes::KeyedVerdict> degrade_more(Sending* sending, std::string feature);
    async::Awaitable<Result<void>> write_surely(inbound::Accepted accepted);
    void remember(
        const universal::Command& command,
        const Ulid& id,
        const Progress& progress,
        store::Batch& batch
    ) const;
    lanes::KeyedVerdict conclude(
        Sending& sending,
        lanes::KeyedVerdict::Kind kind,
        const std::string& state,
        std::string code,
        std::string text
    );

    std::shared_ptr<accounts::Account> account_;
    Services services_;
    Foresight foresight_;
    std::map<store::Sequence, Waiting> waiting_;
};

}  // namespace trunkline::outbound
