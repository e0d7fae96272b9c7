#pragma once

#include <string>
#include <vector>

#include <boost/json/object.hpp>

#include "host/config/config.hpp"
#include "host/store/store.hpp"

/// Accounts that were connected while the host ran. The store keeps them, encrypted as all of it.
namespace trunkline::accounts {

struct Made {
    std::string id, connector, portal, line;
    boost::json::object settings;  ///< with secrets: never shown, never logged
    std::string key;         ///< the account at the messenger; unique in a connector; "" = unknown
    std::string title, url;  ///< for people
    bool connected = true;   ///< false: somebody disconnected it; it keeps its conversations

    /// As if the configuration had named it. Its place says that the store owns it.
    config::Account as_configured() const;
};

/// Where a made account says it is written, instead of a file's line.
inline constexpr char kStoreOwns[] = "store";

store::Put row_of(const Made& made);
store::Erase erasure_of(const std::string& id);

/// All of them, sorted by id. Blocks. `storage` names a row that cannot be read.
Result<std::vector<Made>> load_made(const store::Store& store);

}  // namespace trunkline::accounts
