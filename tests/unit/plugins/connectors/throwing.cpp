// Breaks the border's promise that nothing is thrown: in the entry, or in the self-check. Compiled
// without the promise in the types, as an author's compiler flags or casts could do.
#include <stdexcept>
#include <string>

#include "facts.h"

namespace {

tl_status create(const tl_host*, const tl_setup*, tl_instance**) noexcept {
    return TL_E_UNSUPPORTED;
}
void destroy(tl_instance*) noexcept {}
tl_status
handle(tl_instance*, const tl_input*, std::uint32_t, std::uint32_t*, const tl_effects*) noexcept {
    return TL_E_UNSUPPORTED;
}

using Check = tl_status (*)(const tl_host*) noexcept;
tl_status self_check(const tl_host*) {
#ifdef STAYS_MAPPED
    // A thread_local with a destructor pins the library to the thread that touched it.
    thread_local std::string touched(64, 'x');
    return touched.size() == 64 ? TL_OK : TL_E_INTERNAL;
#else
    throw std::runtime_error{"the self-check is broken"};
#endif
}

template <std::size_t N>
tl_view view(const char (&text)[N]) {
    return {text, N - 1};
}

}  // namespace

// The one export under another name in C++, because its own declaration is noexcept.
extern "C" __attribute__((visibility("default")))
const tl_plugin* throwing_entry(std::uint32_t, std::uint32_t) __asm__("tl_connector_entry");

const tl_plugin* throwing_entry(std::uint32_t, std::uint32_t) {
    static const tl_plugin kTable = [] {
        tl_plugin table{};
        table.size = sizeof(tl_plugin);
        table.abi_major = TL_ABI_MAJOR;
        table.id = view(NOTE_ID);
        table.version = view(VERSION);
        table.manifest = view(MANIFEST);
        table.create = create;
        table.destroy = destroy;
        table.handle = handle;
        table.self_check = reinterpret_cast<Check>(self_check);
        return table;
    }();
#ifdef THROW_IN_ENTRY
    throw std::runtime_error{"the entry is broken"};
#endif
    return &kTable;
}
