#pragma once

#include <algorithm>
#include <set>
#include <string>
#include <string_view>

#include "host/config/config.hpp"
#include "host/config/forms.hpp"
#include "tests/fuzz/seal/check.hpp"

/// What must hold for any bytes whatever that are given as a configuration.
namespace trunkline::config {

inline std::optional<std::string> fuzz_environment(const std::string& name) {
    if (name == "KEY") return "tlk_AwoRGB8mLTQ7QklQV15lbHN6gYiPlp2kq7K5wMfO1dw";
    if (name == "TOKEN") return "0123456789abcdef";
    if (name == "LINES") return "a\nb";
    if (name == "LONG") return std::string(100'000, 'x');
    return std::nullopt;
}

/// One line for a person, whatever it quotes, with a place inside the file.
inline void check_problem(const Problem& problem, int lines) {
    const std::string line = to_string(problem);
    FUZZ_CHECK(!problem.text.empty());
    FUZZ_CHECK(line.size() < 2048);
    for (const char c : line)
        FUZZ_CHECK(static_cast<unsigned char>(c) >= 0x20 && c != 0x7f);
    FUZZ_CHECK(problem.place.file == "f.yaml");
    FUZZ_CHECK(problem.place.line >= 0 && problem.place.line <= lines);
    FUZZ_CHECK(problem.place.column >= 0);
}

inline void check_lane(const Lane& lane) {
    FUZZ_CHECK(is_name(lane.name));
    FUZZ_CHECK(lane.batch.max_messages >= 1 && lane.batch.max_messages <= 1000);
    FUZZ_CHECK(lane.batch.max_bytes >= 1024 && lane.batch.max_bytes <= 16U << 20U);
    FUZZ_CHECK(lane.retry.first.count() >= 10 && lane.retry.first <= lane.retry.max);
    FUZZ_CHECK(lane.timeout.count() >= 100 && lane.retention.count() >= 1000);
    FUZZ_CHECK(lane.order == (lane.delivery == "guaranteed" ? "sequential" : "keyed"));
}

/// A configuration that was taken can be started from.
inline void check_config(const Config& config) {
    FUZZ_CHECK(!config.admin_tokens.empty() && config.listen.threads <= 256);
    FUZZ_CHECK(!host_of(config.public_url).empty() && !config.public_url.ends_with('/'));
    for (const AdminToken& entry : config.admin_tokens)
        FUZZ_CHECK(entry.token.reveal().size() >= 16 && entry.role != "producer");
    for (const std::string& key : config.plugins.trusted_keys)
        FUZZ_CHECK(trusted_key_problem(key).empty());
    FUZZ_CHECK(!config.plugins.require_signature || !config.plugins.trusted_keys.empty());
    for (const std::string& range : config.network.allow)
        FUZZ_CHECK(range_problem(range).empty());
    std::set<std::string> portals;
    for (const Portal& portal : config.portals) {
        FUZZ_CHECK(is_name(portal.id) && portals.insert(portal.id).second);
        FUZZ_CHECK(!host_of(portal.url).empty());
        FUZZ_CHECK(license_problem(portal.license_key.reveal()).empty());
        FUZZ_CHECK(!portal.lanes.empty());
        for (const Lane& lane : portal.lanes)
            check_lane(lane);
    }
    std::set<std::string> accounts;
    for (const Account& account : config.accounts) {
        FUZZ_CHECK(is_name(account.id) && accounts.insert(account.id).second);
        FUZZ_CHECK(is_connector(account.connector) && portals.contains(account.portal));
        FUZZ_CHECK(account.settings.size() == account.written.size());
    }
    for (const Connector& connector : config.connectors)
        FUZZ_CHECK(is_connector(connector.id));
}

inline void check_bytes(const std::string& bytes) {
    const Loaded loaded = load_text(bytes, "f.yaml", fuzz_environment);
    const int lines = 2 + static_cast<int>(std::ranges::count_if(bytes, [](char c) {
                          return c == '\n' || c == '\r';
                      }));
    bool wrong = false;
    for (const Problem& problem : loaded.problems) {
        check_problem(problem, lines);
        wrong = wrong || !problem.warning;
    }
    FUZZ_CHECK(loaded.config.has_value() == !wrong);
    if (loaded.config) check_config(*loaded.config);

    const Loaded again = load_text(bytes, "f.yaml", fuzz_environment);
    FUZZ_CHECK(again.problems.size() == loaded.problems.size());
    FUZZ_CHECK(changed_keys(loaded.written, again.written).empty());
}

}  // namespace trunkline::config
