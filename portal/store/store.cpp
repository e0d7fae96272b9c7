#include "portal/store/store.hpp"

#include <filesystem>
#include <system_error>

#include "portal/store/migrations.hpp"

namespace trunkline::portal::store {

Result<std::unique_ptr<Store>> Store::open(const std::string& path) {
    const auto folder = std::filesystem::path{path}.parent_path();
    if (!folder.empty()) {
        std::error_code failure;
        if (std::filesystem::create_directories(folder, failure)) {
            std::filesystem::permissions(folder, std::filesystem::perms::owner_all, failure);
        }
        if (failure)
            return Error{
                Fault::storage, "make folder " + folder.string() + ": " + failure.message()};
    }
    std::unique_ptr<Store> store{new Store};
    auto writer = Database::open(path, Database::Mode::read_write);
    if (!writer) return writer.error();
    if (auto migrated = migrate(**writer); !migrated) return migrated.error();
    store->writer_ = *std::move(writer);
    for (auto& reader : store->readers_) {
        auto database = Database::open(path, Database::Mode::read_only);
        if (!database) return database.error();
        reader.database = *std::move(database);
    }
    return store;
}

}  // namespace trunkline::portal::store
