#pragma once

#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include <gtest/gtest.h>
#include <spdlog/spdlog.h>

#include "host/accounts/directory.hpp"
#include "host/async/spawn.hpp"
#include "host/inbound/acceptance.hpp"
#include "host/media/files.hpp"
#include "scripted_strand.hpp"
#include "troubled_store.hpp"

namespace trunkline::test {

inline const Secret kLicense{"tlk_AwoRGB8mLTQ7QklQV15lbHN6gYiPlp2kq7K5wMfO1dw"};

/// One portal with one lane and one account of it, everything real but the disk and the connector.
class HostWorld : public testing::Test {
protected:
    HostWorld() {
        spdlog::set_level(spdlog::level::off);
        folder = testing::TempDir() + "/host-world-" + make_ulid(1).text();
        make_files(media::Files::Options{});
        add_portal(portal_config("acme"));
        portal = directory.portal("acme");
        account = add_account("acme-telegram", portal);
        strand = static_cast<ScriptedStrand*>(account->strand.get());
        loops.start();
    }
    ~HostWorld() override {
        loops.stop();
        store.close();
        std::error_code ignored;
        std::filesystem::remove_all(folder, ignored);
    }

    template <class Options>
    void make_files(Options options) {
        options.folder = folder;
        options.keep_ms = 1'000'000;
        if constexpr (requires { options.key; }) options.key = Secret{std::string(32, 'k')};
        files.emplace(std::move(options), store, pool, clock);
    }
    static config::Portal portal_config(const std::string& id) {
        config::Portal out;
        out.id = id;
        out.license_key = kLicense;
        return out;
    }
    std::shared_ptr<accounts::Portal> add_portal(const config::Portal& from) {
        auto keys = accounts::PortalKeys::open(
            PortalId{from.id}, from.license_key, from.next_license_key, store, clock
        );
        auto made = std::make_shared<accounts::Portal>(from, *keys, loops.at(0));
        accounts::Terms terms = *made->terms();
        accounts::PortalLane lane;
        lane.name = "messages";
        lane.id = store.open_lane("portal/" + from.id + "/messages", 0)->id;
        terms.lanes.push_back(std::move(lane));
        made->adopt(std::move(terms));
        directory.add(made);
        return made;
    }
    std::shared_ptr<accounts::Account> add_account(
        const std::string& id, std::shared_ptr<accounts::Portal> owner
    ) {
        config::Account from;
        from.id = id;
        from.connector = "telegram";
        from.line = "support";
        auto made = std::make_shared<accounts::Account>(from, std::move(owner), loops.at(0));
        made->lane = store.open_lane("account/" + id, 0)->id;
        made->strand = std::make_unique<ScriptedStrand>();
        directory.add(made);
        return made;
    }

    /// Runs a coroutine on the loop like a function.
    template <class T>
    T run(std::function<async::Awaitable<T>()> work) {
        std::optional<T> out;
        async::run_and_wait(loops.at(0).get_executor(), "test", [&]() -> async::Awaitable<> {
            auto value = co_await work();
            out.emplace(std::move(value));
        });
        return std::move(*out);
    }
    /// Looks, on the loop, until it is so; false when it was not within ten seconds.
    bool eventually(std::function<bool()> condition) {
        return run<bool>([&]() -> async::Awaitable<bool> {
            const auto limit = std::chrono::steady_clock::now() + std::chrono::seconds{10};
            while (!condition()) {
                if (std::chrono::steady_clock::now() > limit) co_return false;
                co_await async::pause(std::chrono::milliseconds{1});
            }
            co_return true;
        });
    }

    /// The customer writes first; only then may anybody answer.
    void customer_speaks(
        const std::string& conversation, std::string note = {}, std::string current = {}
    ) {
        store::Batch batch;
        store::ConversationChange change;
        change.lane = account->lane;
        change.conversation = conversation;
        change.customer_spoke_ms = clock.wall_ms();
        change.note = std::move(note);
        change.current = std::move(current);
        change.kind = "direct";
        batch.conversations.push_back(std::move(change));
        ASSERT_TRUE(store.commit_and_wait(std::move(batch)));
    }
    std::vector<store::Record> records(store::LaneId lane) const {
        auto read = store.read(lane, 1, 1'000, 1U << 20U);
        EXPECT_TRUE(read);
        return read ? *read : std::vector<store::Record>{};
    }
    /// What the portal is told, in order.
    std::vector<universal::Event> told() const {
        std::vector<universal::Event> out;
        for (const store::Record& record : records(portal->terms()->lanes[0].id)) {
            universal::Event event;
            EXPECT_TRUE(event.ParseFromString(record.body));
            out.push_back(std::move(event));
        }
        return out;
    }
    std::optional<std::string> row(store::Table table, const std::string& key) const {
        auto found = store.row(table, key);
        EXPECT_TRUE(found);
        if (!found || !*found) return std::nullopt;
        return (*found)->value;
    }

    FakeClock clock;
    async::Loops loops{1};
    async::BlockingPool pool{1};
    TroubledStore store{clock};
    media::Links links{"http://host", Secret{std::string(32, 'k')}};
    inbound::Ground ground{clock, links, 1'000'000, 5'000'000};
    std::string folder;
    std::optional<media::Files> files;
    accounts::Directory directory;
    std::shared_ptr<accounts::Portal> portal;
    std::shared_ptr<accounts::Account> account;
    ScriptedStrand* strand = nullptr;  ///< of `account`
};

}  // namespace trunkline::test
