#include "portal/config.hpp"

#include <filesystem>
#include <regex>

#include "host/config/forms.hpp"
#include "host/config/yaml.hpp"

namespace trunkline::portal {

namespace {

using config::Section;

void check_url(Section& section, const char* key, std::string& url) {
    while (url.ends_with('/'))
        url.pop_back();
    static const std::regex kOrigin{R"(https?://[^/?#\s@]+)"};
    if (!std::regex_match(url, kOrigin))
        section.problem(key, "is not http(s)://host[:port] without a path");
}

void check_key(Section& section, const char* key, const Secret& text) {
    if (text.empty()) return;
    if (const auto wrong = config::license_problem(text.reveal()); !wrong.empty())
        section.problem(key, wrong);
}

void bind_host(Section& section, Config::Host& host) {
    section.text("url", host.url, "where the host's public side is", true);
    check_url(section, "url", host.url);
    section.text("portal", host.portal, "this portal's id at the host", true);
    if (!host.portal.empty() && !config::is_name(host.portal))
        section.problem("portal", "\"" + host.portal + "\" is not [a-z0-9_-]");
    section.secret("license_key", host.license_key, "tlk_...; the key shared with the host", true);
    check_key(section, "license_key", host.license_key);
    section.secret("next_license_key", host.next_license_key, "the second key while rotating");
    check_key(section, "next_license_key", host.next_license_key);
    section.boolean(
        "encrypt", host.encrypt, "as at the host; true refuses batches that are only signed"
    );
    std::vector<std::string> lanes{host.best_effort_lanes.begin(), host.best_effort_lanes.end()};
    section.texts("best_effort_lanes", lanes, "lanes in which a missing sequence is normal");
    host.best_effort_lanes = {lanes.begin(), lanes.end()};
}

void bind(Section& section, Config& config) {
    section.text("listen", config.listen, "address and port of the page and of the wire");
    section.boolean(
        "allow_public", config.allow_public, "listen beyond loopback although nobody signs in"
    );
    config.on_loopback = config::is_loopback(config.listen);
    if (!config.on_loopback && !config.allow_public) {
        section.problem(
            "listen",
            "beyond loopback everybody who reaches the address is an operator: put a proxy with "
            "sign-in in front and set allow_public: true"
        );
    }
    section.text("public_url", config.public_url, "where browsers reach the page");
    check_url(section, "public_url", config.public_url);
    section.section("host", "the Trunkline host", [&](Section& host) {
        bind_host(host, config.host);
    });
    if (!section.has("host")) section.problem("host", "is missing: {url, portal, license_key}");
    section.section("store", "the portal's memory", [&](Section& store) {
        store.text("path", config.store_path, "the SQLite file");
    });
    section.section("files", "files of messages", [&](Section& files) {
        files.text("path", config.files.path, "folder of the files operators send");
        files.boolean(
            "fetch", config.files.fetch, "show customers' files, fetched from the host on demand"
        );
        files.size("max", config.files.bytes_max, 1, 10ULL << 30U, "the largest file");
    });
    section.boolean(
        "allow_private", config.allow_private, "the host may have a private or loopback address"
    );
    if (config.files.path.empty()) {
        config.files.path =
            (std::filesystem::path{config.store_path}.parent_path() / "files").string();
    }
}

LoadedConfig loaded(Config config, config::Reading& reading) {
    LoadedConfig out;
    const bool fatal = config::settle(reading.problems);
    for (const auto& problem : reading.problems)
        out.problems.push_back(config::to_string(problem));
    if (!fatal) out.config = std::move(config);
    return out;
}

}  // namespace

LoadedConfig read_config(
    const std::string& text, const std::string& file, const Variables& variables
) {
    const config::Environment environment = variables;
    config::Reading reading;
    reading.file = file;
    reading.environment = &environment;
    Config config;
    config::read_yaml(text, reading, [&](Section& section) { bind(section, config); });
    return loaded(std::move(config), reading);
}

LoadedConfig load_config(const std::string& file) {
    const auto environment = config::process_environment();
    config::Reading reading;
    reading.environment = &environment;
    std::string text;
    Config config;
    if (config::read_file(file, reading, text))
        config::read_yaml(text, reading, [&](Section& section) { bind(section, config); });
    return loaded(std::move(config), reading);
}

}  // namespace trunkline::portal
