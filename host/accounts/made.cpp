#include "host/accounts/made.hpp"

#include <boost/json.hpp>

namespace trunkline::accounts {
namespace {

namespace json = boost::json;

constexpr char kPrefix[] = "made/";
constexpr std::size_t kPageRows = 1'000;

std::string text_at(const json::object& of, std::string_view key) {
    const auto* value = of.if_contains(key);
    return value != nullptr && value->is_string() ? std::string{value->get_string()}
                                                  : std::string{};
}

Result<Made> read(const store::Row& row) {
    Made made;
    made.id = row.key.substr(sizeof kPrefix - 1);
    const Error damaged{Fault::storage, "stored row account made/" + made.id + " is damaged"};
    boost::system::error_code bad;
    const json::value parsed = json::parse(row.value, bad);
    const auto* object = bad ? nullptr : parsed.if_object();
    if (object == nullptr) return damaged;
    made.connector = text_at(*object, "connector");
    made.portal = text_at(*object, "portal");
    made.line = text_at(*object, "line");
    made.key = text_at(*object, "key");
    made.title = text_at(*object, "title");
    made.url = text_at(*object, "url");
    const auto* settings = object->if_contains("settings");
    const auto* connected = object->if_contains("connected");
    if (made.connector.empty() || made.portal.empty() || settings == nullptr ||
        !settings->is_object() || connected == nullptr || !connected->is_bool())
        return damaged;
    made.settings = settings->get_object();
    made.connected = connected->get_bool();
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
