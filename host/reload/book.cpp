#include "host/reload/book.hpp"

#include <future>

#include <boost/json.hpp>
#include <spdlog/spdlog.h>

namespace trunkline::reload {
namespace {

namespace json = boost::json;

constexpr std::size_t kPage = 500;

std::string text_at(const json::object& from, std::string_view key) {
    const auto* value = from.if_contains(key);
    return value != nullptr && value->is_string() ? std::string{value->get_string()} : "";
}

std::optional<Entry> read(const std::string& row) {
    json::error_code bad;
    const json::value value = json::parse(row, bad);
    const auto* object = bad ? nullptr : value.if_object();
    if (object == nullptr) return std::nullopt;
    Entry entry;
    const auto* disabled = object->if_contains("disabled");
    entry.disabled = disabled != nullptr && disabled->is_bool() && disabled->get_bool();
    entry.refused = text_at(*object, "refused");
    entry.pinned = text_at(*object, "pinned");
    entry.allowed = text_at(*object, "allowed");
    if (const auto* accept = object->if_contains("accept");
        accept != nullptr && accept->is_object())
        entry.accept = accept->get_object();
    return entry;
}

std::string written(const Entry& entry) {
    return json::serialize(json::object{
        {"disabled", entry.disabled},
        {"refused", entry.refused},
        {"pinned", entry.pinned},
        {"allowed", entry.allowed},
        {"accept", entry.accept}});
}

}  // namespace

Result<std::unique_ptr<Book>> Book::open(store::Store& store) {
    std::unique_ptr<Book> book{new Book{store}};
    std::string after;
    for (;;) {
        auto rows = store.rows(store::Table::connector, "", after, kPage);
        if (!rows) return rows.error();
        for (const store::Row& row : *rows) {
            after = row.key;
            if (auto entry = read(row.value))
                book->entries_[row.key] = *std::move(entry);
            else
                spdlog::error(
                    "plugins.forgotten connector={} reason=\"its row is damaged\"", row.key
                );
        }
        if (rows->size() < kPage) return book;
    }
}

Entry Book::of(const std::string& connector) const {
    const std::lock_guard lock{mutex_};
    const auto found = entries_.find(connector);
    return found == entries_.end() ? Entry{} : found->second;
}

void Book::keep(const std::string& connector, const Entry& entry) {
    {
        const std::lock_guard lock{mutex_};
        entries_[connector] = entry;
    }
    store::Batch batch;
    batch.put.push_back({store::Table::connector, connector, written(entry), 0});
    if (auto done = store_.commit_and_wait(std::move(batch)); !done)
        spdlog::error(
            "plugins.unremembered connector={} reason={}", connector, done.error().context
        );
}

}  // namespace trunkline::reload
