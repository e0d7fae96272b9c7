#include "portal/config.hpp"

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <regex>
#include <sstream>

#include <sys/stat.h>

#include "host/config/section.hpp"
#include "host/seal/seal.hpp"

namespace trunkline::portal {

namespace {

using config::Section;

bool is_loopback(const std::string& listen) {
    return listen.starts_with("127.") || listen.starts_with("localhost:") ||
           listen.starts_with("[::1]:");
}

void check_url(Section& section, const char* key, std::string& url) {
    while (url.ends_with('/'))
        url.pop_back();
    static const std::regex kOrigin{R"(https?://[^/?#\s@]+)"};
    if (!std::regex_match(url, kOrigin))
        section.problem(key, "expected http(s)://host[:port] without a path");
}

void check_key(Section& section, const char* key, const Secret& text) {
    if (text.empty()) return;
    if (!seal::LicenseKey::parse(text)) section.problem(key, "expected a license key (tlk_...)");
}

void bind_host(Section& section, Config::Host& host) {
    section.text("url", host.url, "Where the Trunkline host's public side is", true);
    check_url(section, "url", host.url);
    section.text("portal", host.portal, "This portal's id at the host", true);
    static const std::regex kId{R"([A-Za-z0-9_.-]{1,64})"};
    if (!host.portal.empty() && !std::regex_match(host.portal, kId)) {
        section.problem("portal", "expected letters, digits, '_', '.', '-'");
    }
    section.secret("license_key", host.license_key, "The key shared with the host", true);
    check_key(section, "license_key", host.license_key);
    section.secret("next_license_key", host.next_license_key, "The second key while rotating");
    check_key(section, "next_license_key", host.next_license_key);
    section.boolean(
        "encrypted", host.encrypted, "Refuse batches that are signed but not encrypted"
    );
    std::vector<std::string> lanes{host.best_effort_lanes.begin(), host.best_effort_lanes.end()};
    section.texts("best_effort_lanes", lanes, "Lanes in which a missing sequence is normal");
    host.best_effort_lanes = {lanes.begin(), lanes.end()};
}

void bind(Section& section, Config& config) {
    section.text("listen", config.listen, "Address and port of the page and of the wire");
    section.boolean(
        "allow_public", config.allow_public, "Listen beyond loopback although nobody signs in"
    );
    if (!is_loopback(config.listen) && !config.allow_public) {
        section.problem(
            "listen",
            "beyond loopback everybody who reaches the address is an operator: put a proxy with "
            "sign-in in front and set "
            "allow_public: true"
        );
    }
    section.text("public_url", config.public_url, "Where browsers reach the page");
    check_url(section, "public_url", config.public_url);
    section.section("host", "The Trunkline host", [&](Section& host) {
        bind_host(host, config.host);
    });
    if (!section.has("host")) section.problem("host", "is required: {url, portal, license_key}");
    section.section("store", "The portal's memory", [&](Section& store) {
        store.text("path", config.store_path, "The SQLite file");
    });
    section.section("files", "Files of messages", [&](Section& files) {
        files.text("path", config.files.path, "Folder of the files operators send");
        files.boolean(
            "fetch", config.files.fetch, "Show customers' files, fetched from the host on demand"
        );
        files.size("max", config.files.bytes_max, 1, 10ULL << 30U, "The largest file");
    });
    section.boolean(
        "allow_private", config.allow_private, "The host may have a private or loopback address"
    );
    if (config.files.path.empty()) {
        config.files.path =
            (std::filesystem::path{config.store_path}.parent_path() / "files").string();
    }
}

/// As the host's own reader does: braces would end a scalar in `{...}`, so variables are marked
/// before YAML sees them.
std::string mark_variables(const std::string& text) {
    static const std::regex kVariable{R"(\$\{([A-Za-z_][A-Za-z0-9_]*)\})"};
    const auto form =
        std::string{config::kVariableOpen} + "$1" + std::string{config::kVariableClose};
    return std::regex_replace(text, kVariable, form);
}

LoadedConfig read(const std::string& text, config::Reading& reading) {
    LoadedConfig loaded;
    Config config;
    try {
        const YAML::Node root = YAML::Load(mark_variables(text));
        Section section{reading, root, ""};
        bind(section, config);
    } catch (const YAML::Exception& error) {
        const config::Place place{reading.file, error.mark.line + 1, error.mark.column + 1};
        reading.problems.push_back({place, "", "is not YAML: " + error.msg, false});
    }
    bool fatal = false;
    for (const auto& problem : reading.problems) {
        fatal = fatal || !problem.warning;
        loaded.problems.push_back(config::to_string(problem));
    }
    if (!fatal) loaded.config = std::move(config);
    return loaded;
}

}  // namespace

LoadedConfig read_config(
    const std::string& text, const std::string& file, const Variables& variables
) {
    config::Reading reading;
    reading.file = file;
    const config::Environment environment = variables;
    reading.environment = &environment;
    return read(text, reading);
}

LoadedConfig load_config(const std::string& file) {
    struct stat status {};
    std::ifstream in{file};
    if (!in || stat(file.c_str(), &status) != 0 || !S_ISREG(status.st_mode))
        return {{}, {file + ": cannot be read"}};
    std::ostringstream text;
    text << in.rdbuf();
    config::Reading reading;
    reading.file = file;
    const auto environment = config::process_environment();
    reading.environment = &environment;
    reading.readable_by_others = (status.st_mode & (S_IRGRP | S_IROTH)) != 0;
    return read(text.str(), reading);
}

}  // namespace trunkline::portal
