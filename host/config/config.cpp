#include "host/config/config.hpp"

#include <cstdlib>
#include <regex>
#include <set>

#include "host/base/base64.hpp"
#include "host/config/bind.hpp"
#include "host/config/forms.hpp"
#include "host/config/yaml.hpp"

namespace trunkline::config {
namespace {

using std::chrono::hours;
using std::chrono::minutes;

void bind_endpoint(Section& s, const char* key, Endpoint& out, const char* about) {
    s.either(
        key,
        about,
        [&](const std::string& text) { out.address = text; },
        [&](Section& inner) {
            inner.text("address", out.address, "host:port to listen on; port 0 takes any free one");
            inner.text(
                "certificate", out.certificate, "PEM file with the certificate chain; turns TLS on"
            );
            inner.text("key", out.key, "PEM file with the private key");
            inner.texts(
                "trusted_proxies",
                out.trusted_proxies,
                "CIDR ranges whose X-Forwarded-* headers are believed",
                range_problem
            );
            if (out.certificate.empty() != out.key.empty())
                inner.problem("certificate", "certificate and key go together");
        }
    );
    static const std::regex kAddress{R"((\[[0-9a-fA-F:.]+\]|[^:\s]+):\d{1,5})"};
    if (!s.describing() && !std::regex_match(out.address, kAddress))
        s.problem(key, "\"" + out.address + "\" is not host:port");
}

void bind_listen(Section& s, Listen& out) {
    bind_endpoint(s, "public", out.public_side, "webhooks, portal commands, media");
    bind_endpoint(s, "admin", out.admin, "admin API and /metrics; beyond loopback only with TLS");
    s.number(
        "threads",
        out.threads,
        0,
        256,
        "event loops, each with one thread; 0 = one per core, less one for the committer"
    );
    if (!s.describing() && !is_loopback(out.admin.address) && out.admin.certificate.empty()) {
        s.problem("admin", "beyond loopback the admin side needs a certificate and key");
    }
}

void bind_admin(Section& s, Config& out) {
    Secret token;
    s.secret("admin_token", token, "one token with the role admin; short form of admin.tokens");
    if (!token.empty()) out.admin_tokens.push_back({"admin", token, "admin"});
    s.section("admin", "who may use the admin side", [&](Section& admin) {
        admin.list("tokens", "bearer tokens", [&](Section& t) {
            AdminToken entry;
            t.text("name", entry.name, "who it is for; appears in the audit log", true);
            t.secret("token", entry.token, "the token", true);
            t.one_of(
                "role", entry.role, {"read", "operate", "admin", "producer"}, "what it may do"
            );
            if (entry.role == "producer") t.not_in_this_version("role", "the role producer");
            out.admin_tokens.push_back(entry);
        });
    });
    for (const AdminToken& entry : out.admin_tokens) {
        if (!entry.token.empty() && entry.token.reveal().size() < 16)
            s.problem("admin_token", "a token needs at least 16 characters");
    }
}

void bind_store(Section& s, Store& out) {
    s.one_of("engine", out.engine, {"embedded", "jetstream"}, "where lanes are kept");
    if (out.engine == "jetstream") s.not_in_this_version("engine", "the engine jetstream");
    s.text("path", out.path, "folder of the store");
    s.section("key", "encrypts secrets and stored events", [&](Section& key) {
        key.text("file", out.key_file, "made with mode 0600 at the first start");
    });
}

void bind_account(Section& s, Account& account) {
    s.text("id", account.id, "name of the account; part of its webhook address", true);
    s.text("connector", account.connector, "which connector speaks for it", true);
    s.text("portal", account.portal, "the portal it belongs to", true);
    s.text("line", account.line, "the open line it feeds");
    s.section("commands", "how its commands go to the messenger", [&](Section& c) {
        c.one_of(
            "order",
            account.commands.order,
            {"sequential", "keyed", "parallel"},
            "which order is kept; keyed: within each conversation"
        );
        c.one_of(
            "delivery",
            account.commands.delivery,
            {"guaranteed", "best_effort"},
            "tried until they expire, or once"
        );
        c.number(
            "streams",
            account.commands.streams,
            1,
            64,
            "commands on their way at once; a sequential account has one"
        );
    });
    s.object("settings", account.settings, "what its connector asks for", &account.written);
    if (s.describing()) return;
    account.place = s.place();
    account.connector_place = s.place_of("connector");
    account.settings_place = s.place_of("settings");
    if (!account.id.empty() && !is_name(account.id))
        s.problem("id", "\"" + account.id + "\" is not [a-z0-9_-]");
    if (!account.connector.empty() && !is_connector(account.connector))
        s.problem("connector", "is not [a-z][a-z0-9_]{1,31}");
}

void bind_connectors(Section& s, Config& out) {
    s.members(
        "connectors",
        "what a messenger gives once per application",
        [&](const std::string& name, Section& c) {
            Connector entry;
            entry.id = name;
            c.one_of(
                "isolation",
                entry.isolation,
                {"auto", "in_process", "process"},
                "where its code runs; auto is in a process when no key of plugins.trusted_keys "
                "signed it"
            );
            c.size(
                "memory",
                entry.memory,
                64ULL << 20U,
                64ULL << 30U,
                "address space of its process; with isolation in one"
            );
            c.duration(
                "reply_within",
                entry.reply_within,
                milliseconds{100},
                minutes{2},
                "a call that takes longer hangs, and its process is ended; with isolation in one"
            );
            if (c.describing()) return;
            for (const char* key : {"memory", "reply_within"}) {
                if (entry.isolation == "in_process" && c.has(key))
                    c.problem(key, "is not for isolation: in_process");
            }
            entry.settings = c.rest();
            entry.place = c.place();
            out.connectors.push_back(std::move(entry));
        }
    );
}

void bind(Section& s, Config& out) {
    s.section("listen", "addresses", [&](Section& l) { bind_listen(l, out.listen); });
    s.text("public_url", out.public_url, "what messengers and portals see");
    while (out.public_url.ends_with('/'))  // paths are put behind it
        out.public_url.pop_back();
    bind_admin(s, out);
    s.section("store", "what is on disk", [&](Section& x) { bind_store(x, out.store); });
    s.section("keep", "how long things are kept", [&](Section& k) {
        k.duration(
            "dead_letters",
            out.keep.dead_letters,
            minutes{1},
            hours{24 * 365},
            "events and commands given up on"
        );
        k.duration(
            "quarantine",
            out.keep.quarantine,
            minutes{1},
            hours{24 * 365},
            "payloads no connector understood"
        );
        k.duration(
            "media", out.keep.media, minutes{1}, hours{24 * 30}, "outgoing files waiting to be sent"
        );
        k.size(
            "copied_bytes",
            out.keep.copied_bytes,
            0,
            1024 * kGiB,
            "on disk, for copies of incoming files that die at their messenger; 0 = none are made"
        );
    });
    if (!s.describing()) out.plugins.place = s.place_of("plugins");
    s.section("plugins", "connectors", [&](Section& p) {
        p.text("directory", out.plugins.directory, "folder of the connectors");
        if (p.has("directory")) out.plugins.place = p.place_of("directory");
        p.boolean("watch", out.plugins.watch, "hot reload when a file changes");
        p.duration(
            "soak",
            out.plugins.soak,
            milliseconds{0},
            hours{24},
            "how long a new generation is watched and taken back when it fails more; 0s = not at "
            "all"
        );
        p.boolean(
            "require_signature",
            out.plugins.require_signature,
            "refuse connectors that no trusted key signed"
        );
        p.texts(
            "trusted_keys",
            out.plugins.trusted_keys,
            "Ed25519 public keys, each 32 bytes in base64, as trunkctl plugins sign prints them",
            trusted_key_problem
        );
        if (out.plugins.require_signature && out.plugins.trusted_keys.empty())
            p.problem("require_signature", "needs at least one key in plugins.trusted_keys");
    });
    s.section("network", "where the host may connect to", [&](Section& n) {
        n.boolean("allow_private", out.network.allow_private, "private and loopback addresses");
        n.texts("allow", out.network.allow, "or just these CIDR ranges", range_problem);
    });
    bind_connectors(s, out);
    s.list("portals", "portals", [&](Section& p) {
        out.portals.emplace_back();
        bind_portal(p, out.portals.back());
    });
    s.list("accounts", "accounts", [&](Section& a) {
        out.accounts.emplace_back();
        bind_account(a, out.accounts.back());
    });
}

void cross_check(Section& s, Reading& reading, const Config& config) {
    const auto complain = [&](const Place& place, const std::string& key, const std::string& text) {
        reading.problems.push_back({place, key, text, false});
    };
    std::set<std::string> portals;
    for (std::size_t i = 0; i < config.portals.size(); ++i) {
        const Portal& portal = config.portals[i];
        if (!portals.insert(portal.id).second)
            complain(
                portal.place,
                "portals[" + std::to_string(i) + "].id",
                "another portal is called " + portal.id
            );
    }
    std::set<std::string> accounts;
    for (std::size_t i = 0; i < config.accounts.size(); ++i) {
        const Account& account = config.accounts[i];
        const std::string key = "accounts[" + std::to_string(i) + "]";
        if (!accounts.insert(account.id).second)
            complain(account.place, key + ".id", "another account is called " + account.id);
        if (!account.portal.empty() && !portals.contains(account.portal))
            complain(account.place, key + ".portal", "no portal is called " + account.portal);
    }
    for (const Connector& connector : config.connectors) {
        if (!is_connector(connector.id))
            complain(connector.place, "connectors." + connector.id, "is not [a-z][a-z0-9_]{1,31}");
    }
    if (host_of(config.public_url).empty()) s.problem("public_url", "is not an http or https URL");
    if (config.admin_tokens.empty())
        s.problem("admin_token", "is missing: the admin side needs a token");
}

}  // namespace

std::vector<Lane> default_lanes() {
    Lane messages;
    Lane presence;
    presence.name = "presence";
    presence.events = {"typing", "presence"};
    presence.order = "keyed";
    presence.delivery = "best_effort";
    return {messages, presence};
}

namespace {

/// Quoted values come from the file, so they may hold line ends, or be as long as it.
std::string on_one_line(const std::string& text, std::size_t size_max) {
    std::string out;
    for (const char c : text) {
        if (out.size() >= size_max) return out + "...";
        const auto byte = static_cast<unsigned char>(c);
        if (byte >= 0x20 && byte != 0x7f)
            out += c;
        else
            out += "\\x" + hex_encode({&c, 1});
    }
    return out;
}

}  // namespace

std::string to_string(const Problem& problem) {
    std::string out = problem.place.file + ":" + std::to_string(problem.place.line) + ":" +
                      std::to_string(problem.place.column) + ": ";
    if (problem.warning) out += "warning: ";
    return out + without_place(problem);
}

std::string without_place(const Problem& problem) {
    constexpr std::size_t kKeyMax = 256;
    constexpr std::size_t kTextMax = 1024;
    std::string out;
    if (!problem.key.empty()) out += on_one_line(problem.key, kKeyMax) + ": ";
    return out + on_one_line(problem.text, kTextMax);
}

Environment process_environment() {
    return [](const std::string& name) -> std::optional<std::string> {
        const char* value = std::getenv(name.c_str()
        );  // NOLINT(concurrency-mt-unsafe): nobody sets variables after start
        if (value == nullptr) return std::nullopt;
        return std::string{value};
    };
}

namespace {

Loaded read(const std::string& text, Reading& reading, const Review& review) {
    Loaded loaded;
    Config config;
    bool bound = false;
    read_yaml(text, reading, [&](Section& section) {
        loaded.written = WrittenKeys{section.digests()};
        bind(section, config);
        cross_check(section, reading, config);
        bound = true;
    });
    loaded.problems = std::move(reading.problems);
    if (bound && review) review(config, loaded.problems);
    if (!settle(loaded.problems)) loaded.config = std::move(config);
    return loaded;
}

}  // namespace

Loaded load_text(
    const std::string& text,
    const std::string& file,
    const Environment& environment,
    const Review& review
) {
    Reading reading;
    reading.file = file;
    reading.environment = &environment;
    return read(text, reading, review);
}

Loaded load(const std::string& file, const Environment& environment, const Review& review) {
    Reading reading;
    reading.environment = &environment;
    std::string text;
    if (!read_file(file, reading, text)) return {std::nullopt, std::move(reading.problems), {}};
    return read(text, reading, review);
}

std::vector<Described> describe() {
    std::vector<Described> out;
    Reading reading;
    reading.described = &out;
    Config config;
    config.portals.clear();
    Section section{reading, YAML::Node{}, ""};
    bind(section, config);
    return out;
}

}  // namespace trunkline::config
