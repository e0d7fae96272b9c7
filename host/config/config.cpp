#include "host/config/config.hpp"

#include <algorithm>
#include <array>
#include <cstdlib>
#include <fstream>
#include <regex>
#include <set>
#include <sstream>

#include <sys/stat.h>

#include "host/config/section.hpp"

namespace trunkline::config {
namespace {

using std::chrono::hours;
using std::chrono::minutes;
using std::chrono::seconds;

constexpr std::uint64_t kKiB = 1ULL << 10U;
constexpr std::uint64_t kMiB = 1ULL << 20U;
constexpr std::uint64_t kGiB = 1ULL << 30U;

constexpr std::array<const char*, 13> kEventTypes{
    "message",
    "edited",
    "deleted",
    "reaction",
    "callback",
    "status",
    "typing",
    "presence",
    "read",
    "member",
    "conversation",
    "unsupported",
    "notice",
};

bool is_name(const std::string& text) {
    static const std::regex kName{"[a-z0-9][a-z0-9_-]{0,63}"};
    return std::regex_match(text, kName);
}

bool is_connector(const std::string& text) {
    static const std::regex kConnector{"[a-z][a-z0-9_]{1,31}"};
    return std::regex_match(text, kConnector);
}

/// `host` or `host:port`, numeric or "localhost"; a name that merely begins like one is not
/// loopback.
bool is_loopback(const std::string& address) {
    static const std::regex kLoopback{R"((127(\.\d{1,3}){3}|\[::1\]|localhost)(:\d{1,5})?)"};
    return std::regex_match(address, kLoopback);
}

/// The host part of an http(s) URL, or "" when it is none.
std::string host_of(const std::string& url) {
    static const std::regex kUrl{R"(https?://([^/?#@\s]+)([/?#]\S*)?)"};
    std::smatch match;
    return std::regex_match(url, match, kUrl) ? match[1].str() : "";
}

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
                "CIDR ranges whose X-Forwarded-* headers are believed"
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
    s.number("threads", out.threads, 0, 256, "event loops, each with one thread; 0 = one per core");
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

void bind_lane(Section& s, Lane& lane) {
    s.text("name", lane.name, "name of the lane", true);
    s.texts("events", lane.events, "event types it takes; empty = all that no other lane names");
    s.one_of("order", lane.order, {"sequential", "keyed", "parallel"}, "which order is kept");
    s.one_of(
        "delivery",
        lane.delivery,
        {"guaranteed", "best_effort"},
        "kept until accepted, or tried once"
    );
    s.number("streams", lane.streams, 1, 64, "parallel requests of a keyed or parallel lane");
    s.duration(
        "retention",
        lane.retention,
        seconds{1},
        hours{24 * 30},
        "how long an undeliverable event waits"
    );
    s.section("batch", "what goes into one request", [&](Section& b) {
        b.number("max_messages", lane.batch.max_messages, 1, 1000, "events per request");
        b.size(
            "max_bytes",
            lane.batch.max_bytes,
            kKiB,
            16 * kMiB,
            "about how many bytes of events per request"
        );
        b.duration(
            "linger",
            lane.batch.linger,
            milliseconds{0},
            seconds{5},
            "how long a batch waits to fill"
        );
    });
    s.section("retry", "how it waits after a failure", [&](Section& r) {
        r.duration(
            "first", lane.retry.first, milliseconds{10}, hours{1}, "first wait, doubled each time"
        );
        r.duration("max", lane.retry.max, milliseconds{10}, hours{24}, "longest wait");
        if (lane.retry.max < lane.retry.first) r.problem("max", "is shorter than first");
    });
    s.duration("timeout", lane.timeout, milliseconds{100}, minutes{5}, "longest request");
    if (s.describing()) return;
    if (!is_name(lane.name)) s.problem("name", "\"" + lane.name + "\" is not [a-z0-9_-]");
    for (const std::string& type : lane.events) {
        if (std::find(kEventTypes.begin(), kEventTypes.end(), type) == kEventTypes.end())
            s.problem("events", "\"" + type + "\" is no event type");
        if (lane.delivery == "best_effort" && type != "typing" && type != "presence") {
            s.not_in_this_version("events", "\"" + type + "\" in a best-effort lane");
        }
    }
    if (lane.delivery == "guaranteed" && lane.order != "sequential")
        s.not_in_this_version("order", "a guaranteed lane that is " + lane.order);
    if (lane.delivery == "best_effort" && lane.order != "keyed")
        s.not_in_this_version("order", "a best-effort lane that is " + lane.order);
    if (lane.delivery == "best_effort" && lane.events.empty())
        s.problem("events", "a best-effort lane must name its events");
    if (lane.streams != 1) s.not_in_this_version("streams", "more than one stream");
}

void check_lanes(Section& s, const Portal& portal) {
    std::set<std::string> names;
    std::set<std::string> taken;
    std::size_t catch_all = 0;
    for (const Lane& lane : portal.lanes) {
        if (!names.insert(lane.name).second)
            s.problem("lanes", "two lanes are called " + lane.name);
        if (lane.delivery == "guaranteed" && lane.events.empty()) ++catch_all;
        for (const std::string& type : lane.events) {
            if (!taken.insert(type).second) s.problem("lanes", "two lanes take " + type);
        }
    }
    if (catch_all != 1)
        s.problem(
            "lanes",
            "exactly one guaranteed lane must leave events out, to take what no other names"
        );
}

void bind_portal(Section& s, Portal& portal) {
    s.text("id", portal.id, "name of the portal", true);
    s.text("url", portal.url, "where its events are posted", true);
    s.secret("license_key", portal.license_key, "tlk_...; seals both directions", true);
    s.secret("next_license_key", portal.next_license_key, "the second key while rotating");
    s.boolean("encrypt", portal.encrypt, "host to portal; false only with https or loopback");
    s.one_of("format", portal.format, {"json", "protobuf"}, "form of the events");
    if (portal.format == "protobuf") s.not_in_this_version("format", "the format protobuf");
    s.boolean("allow_private", portal.allow_private, "this portal may live on a private network");
    s.boolean(
        "accept_html",
        portal.accept_html,
        "take a 2xx with an HTML body as an acceptance (normally a parked page)"
    );
    s.section("limits", "what this portal may use", [&](Section& l) {
        l.number(
            "events_per_second",
            portal.limits.events_per_second,
            1,
            1'000'000,
            "accepted from its accounts"
        );
        l.size("waiting_bytes", portal.limits.waiting_bytes, kMiB, 1024 * kGiB, "waiting per lane");
        l.number(
            "commands_per_second",
            portal.limits.commands_per_second,
            1,
            100'000,
            "taken from the portal"
        );
        l.size(
            "media_bytes", portal.limits.media_bytes, kKiB, 10 * kGiB, "largest file, either way"
        );
    });
    std::vector<Lane> lanes;
    s.list("lanes", "queues to this portal; default: messages and presence", [&](Section& l) {
        lanes.emplace_back();
        bind_lane(l, lanes.back());
    });
    if (s.describing()) return;
    if (s.has("lanes")) portal.lanes = lanes;
    portal.place = s.place();
    check_lanes(s, portal);
    if (!portal.id.empty() && !is_name(portal.id))
        s.problem("id", "\"" + portal.id + "\" is not [a-z0-9_-]");
    const std::string host = host_of(portal.url);
    if (!portal.url.empty() && host.empty()) s.problem("url", "is not an http or https URL");
    if (!portal.encrypt && !portal.url.starts_with("https://") && !is_loopback(host)) {
        s.problem("encrypt", "false needs https or loopback");
    }
}

void bind_account(Section& s, Account& account) {
    s.text("id", account.id, "name of the account; part of its webhook address", true);
    s.text("connector", account.connector, "which connector speaks for it", true);
    s.text("portal", account.portal, "the portal it belongs to", true);
    s.text("line", account.line, "the open line it feeds");
    s.object("settings", account.settings, "what its connector asks for");
    if (s.describing()) return;
    account.place = s.place();
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
                "isolation", entry.isolation, {"in_process", "process"}, "where its code runs"
            );
            if (c.describing()) return;
            if (entry.isolation == "process")
                c.not_in_this_version("isolation", "isolation in a process");
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
    });
    s.section("plugins", "connectors", [&](Section& p) {
        p.text("directory", out.plugins.directory, "folder of the connectors");
        p.boolean("watch", out.plugins.watch, "hot reload when a file changes");
        if (out.plugins.watch) p.not_in_this_version("watch", "hot reload");
        p.boolean("require_signature", out.plugins.require_signature, "refuse unsigned connectors");
        if (out.plugins.require_signature)
            p.not_in_this_version("require_signature", "checking signatures");
        p.texts("trusted_keys", out.plugins.trusted_keys, "Ed25519 public keys");
        if (!out.plugins.trusted_keys.empty())
            p.not_in_this_version("trusted_keys", "checking signatures");
    });
    s.section("network", "where the host may connect to", [&](Section& n) {
        n.boolean("allow_private", out.network.allow_private, "private and loopback addresses");
        n.texts("allow", out.network.allow, "or just these CIDR ranges");
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

std::string to_string(const Problem& problem) {
    std::string out = problem.place.file + ":" + std::to_string(problem.place.line) + ":" +
                      std::to_string(problem.place.column) + ": ";
    if (problem.warning) out += "warning: ";
    if (!problem.key.empty()) out += problem.key + ": ";
    return out + problem.text;
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

/// Braces end a plain scalar inside `{...}`, so `{token: ${NAME}}` would not be YAML. Each
/// `${NAME}` is therefore marked with private-use characters, one for one, so that columns in
/// messages stay true; `Section` replaces them by values.
std::string mark_variables(const std::string& text) {
    static const std::regex kVariable{R"(\$\{([A-Za-z_][A-Za-z0-9_]*)\})"};
    return std::regex_replace(
        text, kVariable, std::string{kVariableOpen} + "$1" + std::string{kVariableClose}
    );
}

Loaded read(const std::string& text, Reading& reading) {
    Loaded loaded;
    YAML::Node root;
    try {
        root = YAML::Load(mark_variables(text));
    } catch (const YAML::Exception& error) {
        loaded.problems.push_back(
            {{reading.file, error.mark.line + 1, error.mark.column + 1},
             "",
             "is not YAML: " + error.msg,
             false}
        );
        return loaded;
    }
    Config config;
    {
        Section section{reading, root, ""};
        bind(section, config);
        cross_check(section, reading, config);
    }
    loaded.problems = std::move(reading.problems);
    std::stable_sort(
        loaded.problems.begin(),
        loaded.problems.end(),
        [](const Problem& a, const Problem& b) {
            return std::pair{a.place.line, a.place.column} <
                   std::pair{b.place.line, b.place.column};
        }
    );
    const bool fatal = std::any_of(
        loaded.problems.begin(), loaded.problems.end(), [](const Problem& p) { return !p.warning; }
    );
    if (!fatal) loaded.config = std::move(config);
    return loaded;
}

}  // namespace

Loaded load_text(const std::string& text, const std::string& file, const Environment& environment) {
    Reading reading;
    reading.file = file;
    reading.environment = &environment;
    return read(text, reading);
}

Loaded load(const std::string& file, const Environment& environment) {
    Reading reading;
    reading.file = file;
    reading.environment = &environment;
    struct stat status {};
    std::ifstream in{file};
    if (!in || stat(file.c_str(), &status) != 0 || !S_ISREG(status.st_mode)) {
        return {std::nullopt, {{{file, 0, 0}, "", "cannot be read", false}}};
    }
    reading.readable_by_others = (status.st_mode & (S_IRGRP | S_IROTH)) != 0;
    std::ostringstream text;
    text << in.rdbuf();
    return read(text.str(), reading);
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
