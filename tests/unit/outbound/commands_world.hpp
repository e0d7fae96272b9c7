#pragma once

#include <array>

#include <boost/json.hpp>

#include "host/outbound/commands.hpp"
#include "host/seal/seal.hpp"
#include "tests/unit/world/host_world.hpp"

namespace trunkline::outbound::test {

namespace json = boost::json;

/// A portal that speaks to the host's door with letters sealed by its own keys.
class CommandsWorld : public trunkline::test::HostWorld {
protected:
    Commands door{{ground, directory, store, pool, *files, "http://host"}};

    static seal::KeyRing ring(const Secret& key) {
        seal::KeyRing out;
        out.current = *seal::LicenseKey::parse(key);
        return out;
    }
    seal::Sealed sealed(
        std::string_view plain,
        bool encrypt = true,
        const Secret& key = trunkline::test::kLicense,
        const std::string& kid = "acme"
    ) {
        seal::Sealer sealer{kid, ring(key), seal::Direction::portal_to_host};
        return sealer.seal(plain, "application/json", encrypt, "letter-1", clock.wall_ms());
    }
    net::Response deliver(const seal::Sealed& letter, const std::string& to = "acme") {
        const std::array<net::HeaderView, 4> headers{
            {{"webhook-id", letter.id},
             {"webhook-timestamp", letter.timestamp},
             {"webhook-signature", letter.signature},
             {"Content-Type", letter.content_type}}};
        net::RequestHead head;
        head.method = "POST";
        head.headers = headers;
        return run<net::Response>([&]() -> async::Awaitable<net::Response> {
            net::Request request{head, letter.body};
            auto response = co_await door.handle(directory.portal(to), std::move(request));
            co_return response;
        });
    }
    net::Response deliver(const std::string& plain) { return deliver(sealed(plain)); }

    /// The results of a request that was taken.
    json::array results(const std::vector<std::string>& commands) {
        std::string plain;
        for (const std::string& command : commands)
            plain += (plain.empty() ? "" : ",") + command;
        const net::Response response = deliver(R"({"commands":[)" + plain + "]}");
        EXPECT_EQ(response.status, 202) << response.body;
        if (response.status != 202) return json::array(commands.size(), json::object{});
        return json::parse(response.body).at("results").as_array();
    }
    json::object result(const std::string& command) {
        json::array all = results({command});
        EXPECT_EQ(all.size(), 1u);
        return all.at(0).as_object();
    }

    /// `members` follow the ones every command of this account has.
    static std::string command(
        const std::string& id, const std::string& type, const std::string& members = ""
    ) {
        return R"({"id":")" + id + R"(","type":")" + type +
               R"(","account":"acme-telegram","conversation":"42")" +
               (members.empty() ? "" : "," + members) + "}";
    }
    static std::string send(const std::string& id, const std::string& text = "hello") {
        return command(id, "send", R"("message":{"text":")" + text + R"("})");
    }

    /// What waits in the account's lane.
    std::vector<universal::Command> waiting() const {
        std::vector<universal::Command> out;
        for (const store::Record& record : records(account->lane)) {
            universal::Command command;
            EXPECT_TRUE(command.ParseFromString(record.body));
            out.push_back(std::move(command));
        }
        return out;
    }
};

inline std::string status_of(const json::object& result) {
    return std::string{result.at("status").as_string()};
}
inline std::string code_of(const json::object& result) {
    const auto* error = result.if_contains("error");
    return error == nullptr ? "" : std::string{error->at("code").as_string()};
}
inline std::string message_of(const json::object& result) {
    const auto* error = result.if_contains("error");
    return error == nullptr ? "" : std::string{error->at("message").as_string()};
}

}  // namespace trunkline::outbound::test
