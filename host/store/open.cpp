#include "host/base/assert.hpp"
#include "host/store/journaled_medium.hpp"
#include "host/store/lane_store.hpp"
#include "host/store/memory_medium.hpp"
#include "host/store/recovery.hpp"

namespace trunkline::store {

namespace {

Result<std::unique_ptr<Store>> open_on(
    std::unique_ptr<Medium> medium,
    const Options& options,
    std::shared_ptr<const ExpiryClock> expiry,
    Internals internals,
    const std::string& name
) {
    LaneStore::Parts parts;
    parts.expiry = std::move(expiry);
    auto vault = unlock(*medium, options.key, name);
    if (!vault) return vault.error();
    parts.vault = *std::move(vault);
    parts.lanes = std::make_unique<LaneTable>();
    const auto loaded = load_lanes(*medium, *parts.lanes);
    if (!loaded)
        return Error{
            Fault::storage,
            name + " cannot be read, its files are kept: " + loaded.error().context};
    parts.medium = std::move(medium);
    std::unique_ptr<Store> store =
        std::make_unique<LaneStore>(std::move(parts), options, std::move(internals));
    return store;
}

}  // namespace

Result<std::unique_ptr<Store>> open_rocksdb(
    const Options& options, const Clock& clock, Internals internals
) {
    auto expiry = std::make_shared<const ExpiryClock>(clock);
    auto tables = RocksTables::open(options, internals, expiry);
    if (!tables) return tables.error();
    auto medium = JournaledMedium::open(*std::move(tables), options, internals);
    if (!medium) return medium.error();
    return open_on(
        *std::move(medium),
        options,
        std::move(expiry),
        std::move(internals),
        "the store at " + options.path
    );
}

Result<std::unique_ptr<Store>> open_rocksdb(const Options& options, const Clock& clock) {
    return open_rocksdb(options, clock, Internals{});
}

std::unique_ptr<Store> make_memory_store(
    const Options& options, const Clock& clock, Internals internals
) {
    auto with_key = options;
    with_key.key = Secret{seal::random_bytes(32)};
    auto store = open_on(
        std::make_unique<MemoryMedium>(),
        with_key,
        std::make_shared<const ExpiryClock>(clock),
        std::move(internals),
        "the store in memory"
    );
    TRUNKLINE_ASSERT(store.has_value());
    return *std::move(store);
}

std::unique_ptr<Store> make_memory_store(const Clock& clock) {
    return make_memory_store(Options{}, clock, Internals{});
}

}  // namespace trunkline::store
