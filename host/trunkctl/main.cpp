// trunkctl: what operators type.
#include <charconv>
#include <cstdlib>
#include <filesystem>
#include <iostream>
#include <string>
#include <vector>

#include <boost/json.hpp>
#include <spdlog/spdlog.h>

#include "host/base/base64.hpp"
#include "host/net/url.hpp"
#include "host/seal/seal.hpp"
#include "host/trunkctl/api.hpp"
#include "host/trunkctl/connect.hpp"
#include "host/trunkctl/fidelity.hpp"
#include "host/trunkctl/portals.hpp"
#include "host/trunkctl/scaffold.hpp"
#include "host/trunkctl/sign.hpp"
#include "host/trunkctl/table.hpp"
#include "host/trunkctl/whole_file.hpp"

namespace trunkline::trunkctl {
namespace {

namespace json = boost::json;
using Words = std::vector<std::string>;

constexpr const char* kUsage = R"(usage: trunkctl [--admin URL] [--token TOKEN] [--json] COMMAND

  status
  plugins       [reload NAME [--force] [--allow-older] | rollback NAME | disable NAME | diff NAME | recent NAME]
                | new NAME [--language cpp|c] [--directory DIR]
                | sign FILE --key PRIVATE.pem | verify FILE --key PUBLIC_KEY
                | fidelity FILE [--write README.md | --check README.md]
  accounts      [quota ACCOUNT | resume ACCOUNT | disconnect ACCOUNT | remove ACCOUNT]
                | connect ACCOUNT [--connector NAME --portal PORTAL] [--line LINE]
                  [--set SETTING=VALUE]... [--page]
  portals       [resume PORTAL | remove PORTAL [--discard]]
                | create FILE.json | put PORTAL FILE.json | change PORTAL FILE.json; - reads what is typed in
  lanes         [pause LANE | resume LANE | kick LANE]
  dead-letters  [--lane LANE] | show LANE SEQUENCE
                | requeue LANE SEQUENCE... | requeue LANE --all | discard LANE SEQUENCE... | discard LANE --all
  quarantine    [show ID | replay ID | discard ID]
  license       new | derive KEY | rotate PORTAL | promote PORTAL | finish PORTAL
  audit

The address is http://127.0.0.1:8081 unless --admin says otherwise; the token is TRUNKLINE_TOKEN unless --token says otherwise.
)";

struct Options {
    std::string admin = "http://127.0.0.1:8081";
    std::string token;
    bool as_json = false;
    Words words;
};

int usage() {
    std::cerr << kUsage;
    return 2;
}

int failed(const Error& error) {
    std::cerr << "trunkctl: " << error.context << '\n';
    return 1;
}

/// Indented, so that people can read it too.
void print(const json::value& value, const std::string& indent = "") {
    if (value.is_object()) {
        for (const auto& [key, member] : value.as_object()) {
            if (member.is_object() || (member.is_array() && !member.as_array().empty() &&
                                       member.as_array().front().is_object())) {
                std::cout << indent << std::string_view{key} << ":\n";
                print(member, indent + "  ");
            } else {
                std::cout << indent << std::string_view{key} << ": " << to_text(member) << '\n';
            }
        }
    } else if (value.is_array()) {
        for (const auto& entry : value.as_array()) {
            print(entry, indent);
            std::cout << '\n';
        }
    } else {
        std::cout << indent << to_text(value) << '\n';
    }
}

int show(const Options& options, const Result<json::value>& answer) {
    if (!answer) return failed(answer.error());
    if (options.as_json)
        std::cout << json::serialize(*answer) << '\n';
    else
        print(*answer);
    return 0;
}

int list(const Options& options, const Api& api, const std::string& path, const Words& columns) {
    auto items = api.list(path);
    if (!items) return failed(items.error());
    if (options.as_json)
        std::cout << json::serialize(*items) << '\n';
    else
        std::cout << to_table(*items, columns);
    return 0;
}

int dead_letters(const Options& options, const Api& api) {
    const Words& w = options.words;
    if (w.size() == 1)
        return list(
            options,
            api,
            "/v1/dead-letters",
            {"lane", "sequence", "conversation", "reason", "last_status", "attempts", "died"}
        );
    if (w.size() == 3 && w[1] == "--lane")
        return list(
            options,
            api,
            "/v1/dead-letters?lane=" + net::percent_encode(w[2]),
            {"sequence", "id", "conversation", "reason", "last_status", "attempts", "died"}
        );
    if (w.size() == 4 && w[1] == "show")
        return show(
            options,
            api.get(
                "/v1/dead-letters/show?lane=" + net::percent_encode(w[2]) +
                "&sequence=" + net::percent_encode(w[3])
            )
        );
    if (w.size() < 4 || (w[1] != "requeue" && w[1] != "discard")) return usage();
    json::object body{{"lane", w[2]}};
    json::array sequences;
    for (std::size_t i = 3; i < w.size(); ++i) {
        std::int64_t number = 0;
        const auto [end, error] = std::from_chars(w[i].data(), w[i].data() + w[i].size(), number);
        if (w[i] == "--all")
            body["all"] = true;
        else if (error != std::errc{} || end != w[i].data() + w[i].size())
            return usage();
        else
            sequences.emplace_back(number);
    }
    body["sequences"] = std::move(sequences);
    return show(options, api.post("/v1/dead-letters/" + w[1], body));
}

int license(const Options& options, const Api& api) {
    const Words& w = options.words;
    if (w.size() == 2 && w[1] == "new") {
        std::cout << seal::LicenseKey::generate().text().reveal() << '\n';
        return 0;
    }
    if (w.size() != 3) return usage();
    if (w[1] != "derive")
        return show(
            options, api.post("/v1/portals/" + net::percent_encode(w[2]) + "/license/" + w[1], {})
        );
    const auto key = seal::LicenseKey::parse(Secret{w[2]});
    if (!key) return failed(Error{Fault::malformed, "a license key is tlk_ and 43 characters"});
    const seal::DerivedKeys keys = seal::derive(*key);
    const auto signing = [](const std::string& bytes) {
        return json::object{{"hex", hex_encode(bytes)}, {"whsec", seal::as_whsec(bytes).reveal()}};
    };
    const auto encrypting = [](const std::string& bytes) {
        return json::object{
            {"hex", hex_encode(bytes)}, {"jwk", json::parse(seal::as_jwk(bytes).reveal())}};
    };
    return show(
        options,
        json::value(json::object{
            {"sign host-to-portal", signing(keys.sign_host_to_portal)},
            {"encrypt host-to-portal", encrypting(keys.encrypt_host_to_portal)},
            {"sign portal-to-host", signing(keys.sign_portal_to_host)},
            {"encrypt portal-to-host", encrypting(keys.encrypt_portal_to_host)},
        })
    );
}

/// Makes a folder for a new connector, and says what comes next.
int new_connector(const Words& words) {
    const auto wanted = read_new_connector(words);
    if (!wanted) return failed(wanted.error());
    std::error_code unreadable;
    const auto program = std::filesystem::read_symlink("/proc/self/exe", unreadable);
    const auto made = scaffold(*wanted, templates_of(program));
    if (!made) return failed(made.error());
    const std::string folder = made->string();
    std::cout << folder << " is made. Next:\n\n"
              << "  cmake -S " << folder << " -B " << folder << "/build\n"
              << "  cmake --build " << folder << "/build\n"
              << "  ctest --test-dir " << folder << "/build --output-on-failure\n\n"
              << folder << "/README.md says how it gets into a host.\n";
    return 0;
}

/// `plugins sign FILE --key KEY` and `plugins verify FILE --key KEY`, which need no host.
int sign_or_verify(const Options& options) {
    const Words& w = options.words;
    if (w.size() != 5 || (w[2] == "--key") == (w[3] == "--key")) return usage();
    const bool key_first = w[2] == "--key";
    const std::string& file = key_first ? w[4] : w[2];
    const std::string& key = key_first ? w[3] : w[4];
    const auto done = w[1] == "sign" ? sign_connector(file, key) : verify_connector(file, key);
    if (!done) return failed(done.error());
    if (!done->warning.empty()) std::cerr << "trunkctl: warning: " << done->warning << '\n';
    return show(
        options,
        json::value(json::object{
            {"signature", done->file},
            {"connector", done->connector},
            {"version", done->version},
            {"public_key", done->key},
            {"fingerprint", done->fingerprint}})
    );
}

/// `plugins fidelity FILE`: its table, shown, written into a document, or compared with the one
/// there.
int fidelity(const Options& options) {
    const Words& w = options.words;
    if (w.size() != 3 && w.size() != 5) return usage();
    const auto rows = fidelity_of_file(w[2]);
    if (!rows) return failed(rows.error());
    const std::string table = universal::fidelity_table(*rows);
    if (w.size() == 3) {
        std::cout
            << (options.as_json ? json::serialize(universal::fidelity_json(*rows)) + '\n' : table);
        return 0;
    }
    if (w[3] != "--write" && w[3] != "--check") return usage();
    constexpr std::uintmax_t kDocumentMax = 4U << 20U;
    const auto text = read_whole(w[4], kDocumentMax);
    if (!text) return failed(text.error());
    const auto fresh = with_table(*text, table);
    if (!fresh) return failed(at_file(w[4], "cannot take the table: " + fresh.error().context));
    if (*fresh == *text) return 0;
    if (w[3] == "--check")
        return failed(at_file(w[4], "shows another table than " + w[2] + " has; --write renews it")
        );
    const auto written = replace_whole(w[4], *fresh);
    return written ? 0 : failed(written.error());
}

/// Replacing connectors. `reload` also ends a disabling.
int plugins(const Options& options, const Api& api) {
    const Words& w = options.words;
    if (w.size() < 3) return usage();
    const std::string path = "/v1/plugins/" + net::percent_encode(w[2]) + "/" + w[1];
    if (w.size() == 3 && w[1] == "diff") return show(options, api.get(path));
    if (w.size() == 3 && w[1] == "recent") {
        const auto cases = api.get_text(path);
        if (!cases) return failed(cases.error());
        std::cout << *cases;
        return 0;
    }
    json::object wish;
    for (std::size_t i = 3; i < w.size(); ++i) {
        if (w[1] != "reload" || (w[i] != "--force" && w[i] != "--allow-older")) return usage();
        wish[w[i] == "--force" ? "force" : "allow_older"] = true;
    }
    if (w[1] != "reload" && w[1] != "rollback" && w[1] != "disable") return usage();
    return show(options, api.post(path, wish));
}

int run(const Options& options) {
    const Api api{options.admin, options.token};
    const Words& w = options.words;
    const std::string& room = w[0];
    if (room == "license") return license(options, api);
    if (room == "dead-letters") return dead_letters(options, api);
    if (room == "plugins" && w.size() > 1 && w[1] == "new")
        return new_connector({w.begin() + 2, w.end()});
    if (room == "plugins" && w.size() > 1 && (w[1] == "sign" || w[1] == "verify"))
        return sign_or_verify(options);
    if (room == "plugins" && w.size() > 1 && w[1] == "fidelity") return fidelity(options);
    if (room == "status" && w.size() == 1) return show(options, api.get("/v1/status"));
    if (room == "plugins" && w.size() > 1) return plugins(options, api);
    if (room == "accounts" && w.size() > 1 && w[1] == "connect") {
        const auto wish = read_connect_wish({w.begin() + 2, w.end()});
        return wish ? connect_account(api, *wish, std::cin, std::cout) : usage();
    }
    if (room == "portals" && w.size() > 1 && w[1] != "resume") {
        const auto wish = read_portal_wish({w.begin() + 1, w.end()});
        return wish ? show(options, change_portal(api, *wish, std::cin)) : usage();
    }
    if (w.size() == 1) {
        if (room == "plugins")
            return list(
                options,
                api,
                "/v1/plugins",
                {"name",
                 "version",
                 "generation",
                 "state",
                 "isolation",
                 "pids",
                 "deaths",
                 "signed_by",
                 "reason",
                 "file"}
            );
        if (room == "accounts")
            return list(
                options,
                api,
                "/v1/accounts",
                {"id",
                 "connector",
                 "portal",
                 "line",
                 "receive",
                 "state",
                 "received",
                 "sent",
                 "failed",
                 "unknown",
                 "quarantined",
                 "forged",
                 "text"}
            );
        if (room == "portals")
            return list(
                options,
                api,
                "/v1/portals",
                {"id", "state", "waiting", "encrypt", "rotation", "url", "owner"}
            );
        if (room == "lanes")
            return list(
                options,
                api,
                "/v1/lanes",
                {"name",
                 "state",
                 "depth",
                 "held",
                 "oldest",
                 "failures",
                 "next_attempt",
                 "last_error",
                 "paused_reason"}
            );
        if (room == "quarantine")
            return list(
                options,
                api,
                "/v1/quarantine",
                {"id", "account", "conversation", "received", "bytes", "reason"}
            );
        if (room == "audit") return list(options, api, "/v1/audit", {"time", "who", "did", "with"});
        return usage();
    }
    if (w.size() != 3) return usage();
    const std::string name = net::percent_encode(w[2]);
    if (room == "quarantine" && w[1] == "show")
        return show(options, api.get("/v1/quarantine/" + name));
    if (room == "quarantine" && (w[1] == "replay" || w[1] == "discard"))
        return show(options, api.post("/v1/quarantine/" + name + "/" + w[1], {}));
    if (room == "lanes" && (w[1] == "pause" || w[1] == "resume" || w[1] == "kick"))
        return show(options, api.post("/v1/lanes/" + w[1], {{"lane", w[2]}}));
    if (room == "accounts" && w[1] == "quota")
        return list(
            options,
            api,
            "/v1/accounts/" + name + "/quota",
            {"scope",
             "bucket",
             "kinds",
             "rate",
             "per",
             "burst",
             "conversation",
             "room",
             "next",
             "waiting"}
        );
    if (room == "accounts" && w[1] == "disconnect")
        return show(options, api.post("/v1/accounts/" + name + "/disconnect", {}));
    if (room == "accounts" && w[1] == "remove")
        return show(options, api.remove("/v1/accounts/" + name));
    if ((room == "portals" || room == "accounts") && w[1] == "resume")
        return show(options, api.post("/v1/" + room + "/" + name + "/resume", {}));
    return usage();
}

}  // namespace
}  // namespace trunkline::trunkctl

int main(int count, char** values) {
    spdlog::set_level(spdlog::level::off);
    trunkline::trunkctl::Options options;
    if (const char* token = std::getenv("TRUNKLINE_TOKEN"))
        options.token = token;  // NOLINT(concurrency-mt-unsafe): one thread
    for (int i = 1; i < count; ++i) {
        const std::string word{values[i]};
        if ((word == "--admin" || word == "--token") && i + 1 < count)
            (word == "--admin" ? options.admin : options.token) = values[++i];
        else if (word == "--json")
            options.as_json = true;
        else
            options.words.push_back(word);
    }
    if (options.words.empty()) return trunkline::trunkctl::usage();
    while (options.admin.ends_with('/'))
        options.admin.pop_back();
    return trunkline::trunkctl::run(options);
}
