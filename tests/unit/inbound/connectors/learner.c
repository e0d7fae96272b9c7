/* A connector of no messenger that learns: KNOWS is what its version understands. Bodies that begin
   with "say " are messages to the one that KNOWS; nobody understands the others. What it understood
   says how it came, so that a replay can be told from the original. */
#include <string.h>

#include "facts.h"

#define TEXT(T) ((tl_view){T, sizeof(T) - 1})

static tl_status create(const tl_host* host, const tl_setup* setup, tl_instance** out) {
    static char instance;
    (void)host, (void)setup;
    *out = (tl_instance*)&instance;
    return TL_OK;
}
static void destroy(tl_instance* instance) {
    (void)instance;
}

#ifdef KNOWS
static size_t add(char* to, size_t at, size_t room, tl_view text) {
    size_t size = text.size < room - at ? (size_t)text.size : room - at;
    memcpy(to + at, text.data, size);
    return at + size;
}
static tl_status say(const tl_input* input, const tl_effects* effects) {
    char json[2048];
    size_t at = add(
        json,
        0,
        sizeof json,
        TEXT(
            "{\"type\":\"message\",\"conversation\":{\"id\":\"c\",\"kind\":\"direct\"},\"message\":"
            "{\"id\":\"1\",\"text\":\""
        )
    );
    at = add(json, at, sizeof json, input->method);
    at = add(json, at, sizeof json, TEXT(" "));
    at = add(json, at, sizeof json, input->target);
    for (uint32_t i = 0; i < input->pair_count; ++i) {
        tl_view name = input->pairs[i].name;
        if (name.size < 2 || memcmp(name.data, "x-", 2) != 0) continue;
        at = add(json, at, sizeof json, TEXT(" "));
        at = add(json, at, sizeof json, name);
        at = add(json, at, sizeof json, TEXT("="));
        at = add(json, at, sizeof json, input->pairs[i].value);
    }
    at = add(json, at, sizeof json, TEXT(" "));
    at = add(json, at, sizeof json, input->body);
    at = add(json, at, sizeof json, TEXT("\"}}"));
    tl_item item = {.size = sizeof item, .conversation = TEXT("c"), .json = {json, at}};
    return effects->item(effects->ctx, input->task, &item);
}
#endif

static tl_status handle(
    tl_instance* instance,
    const tl_input* inputs,
    uint32_t n,
    uint32_t* done,
    const tl_effects* effects
) {
    (void)instance, (void)effects;
    for (*done = 0; *done < n; ++*done) {
        const tl_input* input = &inputs[*done];
        if (input->kind == TL_IN_CANCEL) continue;
        if (input->kind != TL_IN_WEBHOOK && input->kind != TL_IN_REPLAY) return TL_E_UNSUPPORTED;
        if (input->body.size < 4 || memcmp(input->body.data, "say ", 4) != 0) return TL_E_BAD_INPUT;
#ifdef KNOWS
        tl_status status = say(input, effects);
        if (status != TL_OK) return status;
#else
        return TL_E_BAD_INPUT;
#endif
    }
    return TL_OK;
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
    .handle = handle,
};

__attribute__((visibility("default"))) const tl_plugin* tl_connector_entry(
    uint32_t major, uint32_t minor
) {
    (void)minor;
    return major == TL_ABI_MAJOR ? &kTable : 0;
}
