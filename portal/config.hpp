#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "host/base/secret.hpp"

namespace trunkline::portal {

/// portal.yaml, read. A value; immutable after start.
struct Config {
    std::string listen = "127.0.0.1:9000";
    std::string public_url =
        "http://127.0.0.1:9000";  ///< where browsers reach it; no slash at the end
    bool allow_public = false;    ///< listen beyond loopback: whoever reaches it is an operator
    bool on_loopback = true;      ///< follows from `listen`

    struct Host {
        std::string url = "http://127.0.0.1:8080";
        std::string portal;
        Secret license_key;
        Secret next_license_key;  ///< empty unless rotating
        bool encrypt = true;      ///< false: a clear (still signed) batch is taken too
        std::set<std::string> best_effort_lanes{"presence"};
    } host;

    std::string store_path = "var/portal/portal.db";

    struct Files {
        std::string path;   ///< default: `files` beside the store
        bool fetch = true;  ///< customers' files are fetched from the host when a page shows them
        std::uint64_t bytes_max = 100ULL << 20U;
    } files;

    bool allow_private = false;  ///< the host may live on loopback or a private network
};

struct LoadedConfig {
    std::optional<Config> config;  ///< absent when anything is wrong
    std::vector<std::string>
        problems;  ///< "file:line:column: key: what was expected", all of them; warnings too
};

using Variables = std::function<std::optional<std::string>(const std::string& name)>;

/// `${NAME}` is replaced by `variables`. `file` names the text in messages.
LoadedConfig read_config(
    const std::string& text, const std::string& file, const Variables& variables
);

/// The file, with the process's environment. Blocks; start-up only.
LoadedConfig load_config(const std::string& file);

}  // namespace trunkline::portal
