/*
 * A connector as somebody built it on the day the first version of the border was published: in
 * plain C, against the copy of the headers beside it. Neither is changed any more; every later host
 * must load and run it.
 *
 * Its messenger: a webhook's body is "chat|id|text" in letters, digits, blanks and dashes, signed
 * with HMAC-SHA256 in x-signature; a command is POSTed as it is to base_url, and the answer's body
 * is the message's id.
 */
#include <stdlib.h>
#include <string.h>
#include <trunkline/abi.h>
#include <trunkline/ext/crypto.h>
#include <trunkline/ext/metrics.h>
#include <trunkline/ext/random.h>
#include <trunkline/note.h>

#define ID "frozen"
#define VERSION "1.0.0"
#define TITLE "Frozen"
#define BUILD "SDK 1.0, by hand"
#define MANIFEST                                                                                \
    "{\"settings\":[{\"key\":\"base_url\",\"type\":\"url\",\"title\":\"Address\",\"required\":" \
    "true},"                                                                                    \
    "{\"key\":\"secret\",\"type\":\"secret\",\"title\":\"Secret\",\"required\":true}],"         \
    "\"receive\":[\"webhook\"],\"features\":{\"*\":{\"text_max\":4096}}}"

#define TEXT_MAX 1024
#define TASKS_MAX 64

/* Where a task stands: the step whose answer it waits for. */
enum stage { FREE = 0, WAITS_FOR_STORED, WAITS_FOR_REPLY, WAITS_FOR_TIMER };

typedef struct task {
    uint64_t id;
    enum stage stage;
    uint32_t size;
    char text[TEXT_MAX]; /* of a webhook: its body; of a command: the id that the messenger gave */
} task;

struct tl_instance {
    const tl_host* host;
    const tl_crypto* crypto;
    const tl_metrics* metrics;
    const tl_random* random;
    char base_url[TEXT_MAX], secret[TEXT_MAX];
    uint32_t handled;
    task tasks[TASKS_MAX];
};

static tl_view view(const char* text) {
    const tl_view v = {text, strlen(text)};
    return v;
}

/* The text behind "key":" in JSON that has no escapes in it. */
static int member(tl_view json, const char* key, char* out) {
    char wanted[64] = "\"";
    strcat(strcat(wanted, key), "\":\"");
    const size_t length = strlen(wanted);
    for (uint64_t at = 0; at + length <= json.size; ++at) {
        if (memcmp(json.data + at, wanted, length) != 0) continue;
        const char* from = json.data + at + length;
        const char* end = memchr(from, '"', json.size - at - length);
        if (end == NULL || end - from >= TEXT_MAX ||
            memchr(from, '\\', (size_t)(end - from)) != NULL)
            return 0;
        memcpy(out, from, (size_t)(end - from));
        out[end - from] = 0;
        return 1;
    }
    return 0;
}

static task* find(tl_instance* self, uint64_t id) {
    for (int i = 0; i < TASKS_MAX; ++i)
        if (self->tasks[i].stage != FREE && self->tasks[i].id == id) return &self->tasks[i];
    return NULL;
}
static task* open_task(tl_instance* self, uint64_t id, enum stage stage) {
    task* found = find(self, id);
    for (int i = 0; found == NULL && i < TASKS_MAX; ++i)
        if (self->tasks[i].stage == FREE) found = &self->tasks[i];
    if (found != NULL) memset(found, 0, sizeof *found), found->id = id, found->stage = stage;
    return found;
}

static int is_plain(tl_view text) {
    for (uint64_t i = 0; i < text.size; ++i) {
        const char c = text.data[i];
        const int word = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
        if (!word && c != ' ' && c != '-' && c != '|') return 0;
    }
    return text.size > 0 && text.size < TEXT_MAX;
}

static int is_authentic(const tl_instance* self, const tl_input* in) {
    unsigned char mac[TL_SHA256_SIZE];
    char hex[2 * TL_SHA256_SIZE];
    if (self->crypto->hmac_sha256(view(self->secret), in->body, mac) != TL_OK) return 0;
    for (unsigned i = 0; i < TL_SHA256_SIZE; ++i) {
        hex[2 * i] = "0123456789abcdef"[mac[i] >> 4];
        hex[2 * i + 1] = "0123456789abcdef"[mac[i] & 15];
    }
    const tl_view wanted = {hex, sizeof hex};
    for (uint32_t i = 0; i < in->pair_count; ++i)
        if (in->pairs[i].name.size == 11 && memcmp(in->pairs[i].name.data, "x-signature", 11) == 0)
            return self->crypto->equal(in->pairs[i].value, wanted);
    return 0;
}

/* Keeps the body, stores it and reads it back before anything is told. */
static tl_status on_webhook(tl_instance* self, const tl_input* in, const tl_effects* effects) {
    unsigned char bytes[8];
    if (!is_authentic(self, in)) return TL_E_FORGED;
    if (!is_plain(in->body)) return TL_E_BAD_INPUT;
    if (self->random->fill(self->random->ctx, in->task, 0, bytes, sizeof bytes) != TL_OK)
        return TL_E_INTERNAL;
    task* t = open_task(self, in->task, WAITS_FOR_STORED);
    if (t == NULL) return TL_E_LIMIT;
    memcpy(t->text, in->body.data, in->body.size);
    t->size = (uint32_t)in->body.size;
    tl_status status =
        effects->put(effects->ctx, in->task, TL_ACCOUNT, view("last"), in->body, 0, 0);
    if (status == TL_OK) status = effects->get(effects->ctx, in->task, 1, TL_ACCOUNT, view("last"));
    if (status != TL_OK) t->stage = FREE;
    return status;
}

static tl_status tell(tl_instance* self, const tl_input* in, const tl_effects* effects, task* t) {
    char json[4 * TEXT_MAX] = "{\"type\":\"message\",\"conversation\":{\"id\":\"";
    char* first = strchr(t->text, '|');
    char* second = first != NULL ? strchr(first + 1, '|') : NULL;
    t->stage = FREE;
    if (in->status != 1 || second == NULL) return TL_E_BAD_INPUT;
    *first++ = 0, *second++ = 0;
    strcat(strcat(json, t->text), "\",\"kind\":\"direct\"},\"sender\":{\"id\":\"");
    strcat(strcat(json, t->text), "\",\"name\":\"Somebody\"},\"message\":{\"id\":\"");
    strcat(strcat(strcat(strcat(json, first), "\",\"text\":\""), second), "\"}}");
    const tl_item item = {
        .size = sizeof item,
        .conversation = view(t->text),
        .dedup = view(first),
        .json = view(json)};
    const tl_pair type = {view("content-type"), view("text/plain")};
    const tl_answer answer = {
        .size = sizeof answer,
        .status = 202,
        .headers = &type,
        .header_count = 1,
        .body = view("taken")};
    tl_status status = effects->item(effects->ctx, in->task, &item);
    if (status == TL_OK) status = effects->answer(effects->ctx, in->task, &answer);
    if (status == TL_OK) self->metrics->count(self->metrics->ctx, view("told"), 1);
    return status;
}

static tl_status on_command(tl_instance* self, const tl_input* in, const tl_effects* effects) {
    const tl_pair type = {view("content-type"), view("application/json")};
    const tl_http http = {
        .size = sizeof http,
        .flags = TL_HTTP_ONCE,
        .method = view("POST"),
        .url = view(self->base_url),
        .headers = &type,
        .header_count = 1,
        .body = in->body,
        .timeout_ms = 10000,
        .reply_max = TEXT_MAX};
    task* t = open_task(self, in->task, WAITS_FOR_REPLY);
    if (t == NULL) return TL_E_LIMIT;
    const tl_status status = effects->http(effects->ctx, in->task, 1, &http);
    if (status != TL_OK) t->stage = FREE;
    return status;
}

static tl_status end(
    const tl_input* in,
    const tl_effects* effects,
    task* t,
    int32_t kind,
    const char* code,
    const char* value
) {
    const tl_outcome outcome = {
        .size = sizeof outcome,
        .kind = kind,
        .scope = TL_ACCOUNT,
        .delay_ms = kind == TL_RETRY ? 100 : 0,
        .value = view(value),
        .code = view(code),
        .text = view(code)};
    t->stage = FREE;
    return effects->outcome(effects->ctx, in->task, &outcome);
}

static tl_status on_reply(const tl_input* in, const tl_effects* effects, task* t) {
    if (in->status == 0)
        return end(
            in, effects, t, in->flags & TL_INPUT_UNKNOWN ? TL_UNKNOWN : TL_RETRY, "no_answer", ""
        );
    if (in->status != 200 || !is_plain(in->body))
        return end(in, effects, t, TL_REJECTED, "refused", "");
    memcpy(t->text, in->body.data, in->body.size);
    t->size = (uint32_t)in->body.size;
    t->stage = WAITS_FOR_TIMER;
    const tl_status status = effects->timer(effects->ctx, in->task, 2, in->at_ms + 1);
    if (status != TL_OK) t->stage = FREE;
    return status;
}

static tl_status on_timer(const tl_input* in, const tl_effects* effects, task* t) {
    char ids[TEXT_MAX + 8] = "[\"";
    strcat(strcat(ids, t->text), "\"]");
    return end(in, effects, t, TL_DONE, "", ids);
}

static tl_status on_step(tl_instance* self, const tl_input* in, const tl_effects* effects) {
    task* t = find(self, in->task);
    if (in->kind == TL_IN_CANCEL) {
        if (t != NULL) t->stage = FREE;
        return TL_OK;
    }
    if (t == NULL) return TL_E_BAD_STATE;
    if (in->kind == TL_IN_STORED && t->stage == WAITS_FOR_STORED) return tell(self, in, effects, t);
    if (in->kind == TL_IN_HTTP_REPLY && t->stage == WAITS_FOR_REPLY)
        return on_reply(in, effects, t);
    if (in->kind == TL_IN_TIMER && t->stage == WAITS_FOR_TIMER) return on_timer(in, effects, t);
    return TL_E_UNSUPPORTED;
}

static tl_status handle(
    tl_instance* self, const tl_input* inputs, uint32_t n, uint32_t* done, const tl_effects* effects
) {
    for (uint32_t i = 0; i < n; ++i) {
        const tl_input* in = &inputs[i];
        tl_status status = TL_E_UNSUPPORTED;
        if (in->kind == TL_IN_WEBHOOK)
            status = on_webhook(self, in, effects);
        else if (in->kind == TL_IN_COMMAND)
            status = on_command(self, in, effects);
        else if (in->kind >= TL_IN_HTTP_REPLY && in->kind <= TL_IN_CANCEL)
            status = on_step(self, in, effects);
        if (status != TL_OK) return status;
        ++self->handled;
        *done = i + 1;
    }
    return TL_OK;
}

static tl_status create(const tl_host* host, const tl_setup* setup, tl_instance** out) {
    if (setup->size < sizeof(tl_setup) || host->size < sizeof(tl_host)) return TL_E_INTERNAL;
    if (setup->state.size != 0 &&
        (setup->state_schema != 7 || setup->state.size != sizeof(uint32_t)))
        return TL_E_BAD_STATE;
    tl_instance* self = calloc(1, sizeof *self);
    if (self == NULL) return TL_E_NO_MEMORY;
    self->host = host;
    self->crypto = host->extension(host->ctx, view(TL_EXT_CRYPTO));
    self->metrics = host->extension(host->ctx, view(TL_EXT_METRICS));
    self->random = host->extension(host->ctx, view(TL_EXT_RANDOM));
    if (setup->state.size != 0) memcpy(&self->handled, setup->state.data, sizeof self->handled);
    const int whole = self->crypto != NULL && self->metrics != NULL && self->random != NULL &&
                      setup->scope == TL_ACCOUNT && setup->name.size != 0 &&
                      setup->hook_url.size != 0;
    if (!whole || !member(setup->settings_json, "base_url", self->base_url) ||
        !member(setup->settings_json, "secret", self->secret)) {
        free(self);
        return TL_E_BAD_CONFIG;
    }
    *out = self;
    return TL_OK;
}

static void destroy(tl_instance* self) {
    free(self);
}

static tl_status save(tl_instance* self, void* ctx, void (*sink)(void* ctx, tl_view)) {
    const tl_view state = {(const char*)&self->handled, sizeof self->handled};
    sink(ctx, state);
    return TL_OK;
}

static tl_status self_check(const tl_host* host) {
    host->log(host->ctx, TL_LOG_INFO, view("the first version checked itself"));
    return host->extension(host->ctx, view("example.com.nowhere/1")) == NULL ? TL_OK
                                                                             : TL_E_INTERNAL;
}

static const void* extension(tl_view id) {
    (void)id;
    return NULL;
}

static const tl_plugin kTable = {
    .size = sizeof(tl_plugin),
    .abi_major = TL_ABI_MAJOR,
    .abi_minor = 0,
    .state_schema = 7,
    .id = {ID, sizeof(ID) - 1},
    .version = {VERSION, sizeof(VERSION) - 1},
    .title = {TITLE, sizeof(TITLE) - 1},
    .manifest = {MANIFEST, sizeof(MANIFEST) - 1},
    .create = create,
    .destroy = destroy,
    .handle = handle,
    .save = save,
    .self_check = self_check,
    .extension = extension,
};

__attribute__((visibility("default"))) const tl_plugin* tl_connector_entry(
    uint32_t major, uint32_t minor
) {
    (void)minor; /* any has all that this one uses */
    return major == TL_ABI_MAJOR ? &kTable : NULL;
}

#define TEXTS_SIZE \
    (sizeof(ID) + sizeof(VERSION) + sizeof(TITLE) + sizeof(MANIFEST) + sizeof(BUILD) - 5)

__attribute__((section(TL_NOTE_SECTION), used, aligned(4))) static const struct {
    uint32_t owner_size, size, type;
    char owner[12];
    tl_note fixed;
    char id[sizeof(ID) - 1], version[sizeof(VERSION) - 1], title[sizeof(TITLE) - 1];
    char manifest[sizeof(MANIFEST) - 1], build[sizeof(BUILD) - 1];
    char padding[4 - TEXTS_SIZE % 4];
} kNote = {
    sizeof(TL_NOTE_OWNER),
    sizeof(tl_note) + TEXTS_SIZE + 4 - TEXTS_SIZE % 4,
    TL_NOTE_CONNECTOR,
    TL_NOTE_OWNER,
    {TL_NOTE_FORMAT,
     TL_ABI_MAJOR,
     0,
     7,
     sizeof(ID) - 1,
     sizeof(VERSION) - 1,
     sizeof(TITLE) - 1,
     sizeof(MANIFEST) - 1,
     sizeof(BUILD) - 1,
     0},
    ID,
    VERSION,
    TITLE,
    MANIFEST,
    BUILD,
    {0},
};
