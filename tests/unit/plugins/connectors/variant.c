/* A connector written by hand in C, with one thing about it changed by each definition. */
#include "facts.h"

#define TEXT(T) ((tl_view){T, sizeof(T) - 1})

#ifdef MISSING_SYMBOL
extern int trunkline_nobody_defines_this(void);
#endif

static tl_status create(const tl_host* host, const tl_setup* setup, tl_instance** out) {
    (void)host, (void)setup, (void)out;
#ifdef MISSING_SYMBOL
    return trunkline_nobody_defines_this();
#else
    return TL_E_UNSUPPORTED;
#endif
}
static void destroy(tl_instance* instance) {
    (void)instance;
}
static tl_status handle(
    tl_instance* instance,
    const tl_input* inputs,
    uint32_t n,
    uint32_t* done,
    const tl_effects* effects
) {
    (void)instance, (void)inputs, (void)n, (void)done, (void)effects;
    return TL_E_UNSUPPORTED;
}
static tl_status self_check(const tl_host* host) {
    const char line[] = "checked\nwith a line break";
    host->log(host->ctx, TL_LOG_INFO, TEXT(line));
    return CHECK_STATUS;
}

static const tl_plugin kTable = {
    .size = sizeof(tl_plugin),
    .abi_major = MAJOR,
    .abi_minor = TABLE_MINOR,
    .id = {TABLE_ID, sizeof(TABLE_ID) - 1},
    .version = {VERSION, sizeof(VERSION) - 1},
    .title = {TITLE, sizeof(TITLE) - 1},
    .manifest = {TABLE_MANIFEST, sizeof(TABLE_MANIFEST) - 1},
    .create = create,
    .destroy = destroy,
#ifndef NO_HANDLE
    .handle = handle,
#endif
    .self_check = self_check,
};

#ifdef NO_ENTRY
__attribute__((visibility("default"))) int another_export(void) {
    return kTable.size != 0;
}
#else
__attribute__((visibility("default"))) const tl_plugin* tl_connector_entry(
    uint32_t major, uint32_t minor
) {
    (void)handle;
#ifdef REFUSES
    return major + minor == 4711 ? &kTable : 0;
#else
    (void)minor;
    return major == TL_ABI_MAJOR ? &kTable : 0;
#endif
}
#endif
