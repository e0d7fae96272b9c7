#include "host/accounts/made_portals.hpp"

#include <boost/json.hpp>
#include <spdlog/spdlog.h>

namespace trunkline::accounts {
namespace {

namespace json = boost::json;

constexpr std::string_view kMadePortal = "made/";
constexpr std::size_t kPortalsAtOnce = 1'000;

std::string made_key(const std::string& id) {
    return std::string{kMadePortal} + id;
}

Result<json::object> document_in(const store::Row& row) {
    boost::system::error_code bad;
    json::value value = json::parse(row.value, bad);
    if (bad || !value.is_object())
        return Error{Fault::storage, "stored row portal " + row.key + " is not a JSON object"};
    return std::move(value.as_object());
}

}  // namespace

store::Put portal_row(const std::string& id, const json::object& document) {
    return {store::Table::portal, made_key(id), json::serialize(document), 0};
}

std::vector<store::Erase> portal_erasures(const std::string& id) {
    return {{store::Table::portal, made_key(id)}, rotation_erasure(id)};
}

store::Erase rotation_erasure(const std::string& id) {
    return {store::Table::portal, "keys/" + id};
}

Result<json::object> load_portal(const store::Store& store, const std::string& id) {
    auto row = store.row(store::Table::portal, made_key(id));
    if (!row) return row.error();
    if (!*row) return Error{Fault::not_found, "no such portal"};
    return document_in(**row);
}

Result<void> each_made_portal(
    const store::Store& store,
    const std::function<Result<void>(const std::string& id, json::object document)>& take
) {
    std::string after;
    for (;;) {
        auto rows =
            store.rows(store::Table::portal, std::string{kMadePortal}, after, kPortalsAtOnce);
        if (!rows) return rows.error();
        if (rows->empty()) return {};
        for (const store::Row& row : *rows) {
            auto document = document_in(row);
            if (!document) {  // hurts nobody else: what waits for it is kept
                spdlog::error("portal.unreadable reason={}", document.error().context);
                continue;
            }
            auto taken = take(row.key.substr(kMadePortal.size()), *std::move(document));
            if (!taken) return taken;
        }
        after = rows->back().key;
    }
}

}  // namespace trunkline::accounts
