#include "host/runner/connector.hpp"

#include <cstddef>

#include <dlfcn.h>

#include "host/plugins/guard.hpp"

namespace trunkline::runner {
namespace {

Error refused(std::string why) {
    return Error{Fault::malformed, std::move(why)};
}

}  // namespace

Result<const tl_plugin*> load_connector(const std::string& library) {
    // As the host loads it: every symbol bound now and visible to nobody else.
    void* const handle = ::dlopen(library.c_str(), RTLD_NOW | RTLD_LOCAL);
    if (handle == nullptr) {
        std::string why = ::dlerror();
        // The staged path means nothing to an operator.
        if (why.starts_with(library + ": ")) why.erase(0, library.size() + 2);
        return refused("cannot be loaded: " + why);
    }
    using Entry = const tl_plugin* (*)(std::uint32_t, std::uint32_t);
    const auto entry = reinterpret_cast<Entry>(::dlsym(handle, "tl_connector_entry"));
    if (entry == nullptr) return refused("does not export tl_connector_entry");
    const auto called = plugins::guarded(entry, TL_ABI_MAJOR, TL_ABI_MINOR);
    if (!called.escaped.empty()) return refused("its entry threw: " + called.escaped);
    const tl_plugin* const table = called.value;
    if (table == nullptr) return refused("refuses this host");
    constexpr std::size_t kLeast = offsetof(tl_plugin, manifest) + sizeof(tl_view);
    if (table->size < kLeast || table->size > 64U * 1024U)
        return refused("its table has an implausible size");
    if (table->abi_major != TL_ABI_MAJOR || table->abi_minor > TL_ABI_MINOR)
        return refused("its table needs another ABI than its note");
    if (!TL_HAS(table, tl_plugin, create) || !TL_HAS(table, tl_plugin, destroy) ||
        !TL_HAS(table, tl_plugin, handle))
        return refused("its table lacks create, destroy or handle");
    return table;
}

bool offers(const tl_plugin& table, std::string_view extension) {
    if (!TL_HAS(&table, tl_plugin, extension)) return false;
    const void* (*find)(tl_view) = table.extension;
    const auto called = plugins::guarded(find, tl_view{extension.data(), extension.size()});
    return called.escaped.empty() && called.value != nullptr;
}

}  // namespace trunkline::runner
