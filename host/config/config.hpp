#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include <boost/json/object.hpp>

#include "host/base/secret.hpp"
#include "host/config/written_keys.hpp"

/// The configuration as typed sections. Values; a reading is never changed, only replaced.
namespace trunkline::config {

using std::chrono::milliseconds;

/// Where something was written, for messages and for the 409 that names the owner of a YAML entry.
struct Place {
    std::string file;
    int line = 0;    ///< from 1
    int column = 0;  ///< from 1
};

struct Endpoint {
    std::string address;
    std::string certificate;
    std::string key;
    std::vector<std::string> trusted_proxies;
};

struct Listen {
    Endpoint public_side{
        .address = "127.0.0.1:8080", .certificate = {}, .key = {}, .trusted_proxies = {}};
    Endpoint admin{
        .address = "127.0.0.1:8081", .certificate = {}, .key = {}, .trusted_proxies = {}};
    std::uint64_t threads = 0;  ///< 0 = one per core, less one for the committer
};

struct AdminToken {
    std::string name;
    Secret token;
    std::string role = "admin";  ///< read | operate | admin | producer
};

struct Store {
    std::string engine = "embedded";
    std::string path = "var/trunkline";
    std::string key_file = "var/store.key";
};

struct Keep {
    milliseconds dead_letters{std::chrono::hours{24 * 14}};
    milliseconds quarantine{std::chrono::hours{24 * 14}};
    milliseconds media{std::chrono::hours{48}};
    std::uint64_t copied_bytes = 4ULL << 30U;
};

struct Plugins {
    std::string directory = "build/plugins";
    bool watch = true;
    milliseconds soak{std::chrono::minutes{5}};
    bool require_signature = false;
    std::vector<std::string> trusted_keys;
    Place place;  ///< of the directory
};

struct Network {
    bool allow_private = false;
    std::vector<std::string> allow;
};

struct Limits {
    std::uint64_t events_per_second = 1000;
    std::uint64_t waiting_bytes = 1ULL << 30U;
    std::uint64_t commands_per_second = 100;
    std::uint64_t media_bytes = 100ULL << 20U;
    std::uint64_t copied_bytes = 1ULL << 30U;
};

struct LaneBatch {
    std::uint64_t max_messages = 64;
    std::uint64_t max_bytes = 1ULL << 20U;
    milliseconds linger{20};
};

struct LaneRetry {
    milliseconds first{1'000};
    milliseconds max{300'000};
};

struct Lane {
    std::string name = "messages";
    std::vector<std::string>
        events;  ///< event types it takes; empty = all that no other lane names
    std::string order = "sequential";
    std::string delivery = "guaranteed";
    std::uint64_t streams = 1;
    milliseconds retention{std::chrono::hours{24}};
    LaneBatch batch;
    LaneRetry retry;
    milliseconds timeout{15'000};
};

/// The two lanes a portal has when it names none.
std::vector<Lane> default_lanes();

struct Portal {
    std::string id;
    std::string url;
    std::string warn_url;  ///< where its owner is told that events have waited long; "" = nowhere
    Secret license_key;
    Secret next_license_key;
    bool encrypt = true;
    std::string format = "json";
    bool allow_private = false;
    bool accept_html =
        false;  ///< take a 2xx with an HTML body as an acceptance; for portals behind odd gateways
    Limits limits;
    std::vector<Lane> lanes = default_lanes();
    Place place;
};

/// How one setting of an account was written.
struct Written {
    Place key;
    Place value;
    Secret text;           ///< a plain value as it stands there, variables replaced
    bool exposed = false;  ///< written out, in a file that others can read
};

/// How an account's commands go to its messenger.
struct Commands {
    std::string order = "keyed";
    std::string delivery = "guaranteed";
    std::uint64_t streams = 8;
};

struct Account {
    std::string id;
    std::string connector;
    std::string portal;
    std::string line;
    Commands commands;
    boost::json::object settings;
    Place place;
    Place connector_place;
    Place settings_place;                    ///< of the account when it has none
    std::map<std::string, Written> written;  ///< by key of `settings`
};

struct Connector {
    std::string id;
    boost::json::object settings;                   ///< without the host's own keys
    std::string isolation = "auto";                 ///< or in_process, process
    std::uint64_t memory = 1ULL << 30U;             ///< of a child, in bytes
    std::chrono::milliseconds reply_within{5'000};  ///< of one call of a child
    Place place;
};

struct Config {
    Listen listen;
    std::string public_url = "http://127.0.0.1:8080";
    std::vector<AdminToken> admin_tokens;
    Store store;
    Keep keep;
    Plugins plugins;
    Network network;
    std::vector<Connector> connectors;
    std::vector<Portal> portals;
    std::vector<Account> accounts;
};

struct Problem {
    Place place;
    std::string key;   ///< dotted path, e.g. "portals[0].lanes[1].order"
    std::string text;  ///< what was expected
    bool warning = false;
};

/// "file:line:column: key: text".
std::string to_string(const Problem& problem);
/// "key: text", for who did not write a file.
std::string without_place(const Problem& problem);

struct Loaded {
    std::optional<Config> config;  ///< absent when any problem is more than a warning
    std::vector<Problem> problems;
    WrittenKeys written;
};

using Environment = std::function<std::optional<std::string>(const std::string& name)>;
Environment process_environment();

/// What can only be judged with more than the file: may add problems, and bring values into the
/// form that their reader wants. Also called for a configuration that is wrong elsewhere, so that
/// everything is told at once.
using Review = std::function<void(Config& config, std::vector<Problem>& problems)>;

/// Reads and checks a file. Blocks; for start-up and SIGHUP.
Loaded load(
    const std::string& file, const Environment& environment, const Review& review = nullptr
);

/// The same for text that is in memory already; `file` names it in messages.
Loaded load_text(
    const std::string& text,
    const std::string& file,
    const Environment& environment,
    const Review& review = nullptr
);

/// One documented key, for the reference page and for `config/trunkline.yaml`'s test.
struct Described {
    std::string key;
    std::string type;
    std::string fallback;
    std::string about;
};
std::vector<Described> describe();

}  // namespace trunkline::config
