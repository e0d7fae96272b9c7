#include "host/accounts/made.hpp"

#include <boost/json.hpp>

#include "host/base/stored_row.hpp"

namespace trunkline::accounts {
namespace {

namespace json = boost::json;

constexpr char kPrefix[] = "made/";
constexpr std::size_t kPageRows = 1'000;

Result<Made> read(const store::Row& row) {
    StoredRow stored{"account " + row.key, row.value};
    Made made;
    made.id = row.key.substr(sizeof kPrefix - 1);
    made.connector = stored.text("connector");
    made.portal = stored.text("portal");
    made.line = stored.text("line");
    made.settings = stored.object("settings");
    made.key = stored.text("key");
    made.title = stored.text("title");
    made.url = stored.text("url");
    made.connected = stored.flag("connected");
    auto whole = stored.whole();
    if (!whole) return whole.error();
    return made;
}

}  // namespace

config::Account Made::as_configured() const {
    config::Account account;
    account.id = id;
    account.connector = connector;
    account.portal = portal;
    account.line = line;
    account.settings = settings;
    account.place.file = kStoreOwns;
    return account;
}

store::Put row_of(const Made& made) {
    const json::object row{
        {"connector", made.connector},
        {"portal", made.portal},
        {"line", made.line},
        {"settings", made.settings},
        {"key", made.key},
        {"title", made.title},
        {"url", made.url},
        {"connected", made.connected}};
    return {store::Table::account, kPrefix + made.id, json::serialize(row), 0};
}

store::Erase erasure_of(const std::string& id) {
    return {store::Table::account, kPrefix + id};
}

Result<std::vector<Made>> load_made(const store::Store& store) {
    std::vector<Made> all;
    std::string after;
    for (;;) {
        auto rows = store.rows(store::Table::account, kPrefix, after, kPageRows);
        if (!rows) return rows.error();
        if (rows->empty()) return all;
        for (const store::Row& row : *rows) {
            auto made = read(row);
            if (!made) return made.error();
            all.push_back(*std::move(made));
            after = row.key;
        }
    }
}

}  // namespace trunkline::accounts
