/* A connector of no messenger, in C: what one step cannot show. It polls with a cursor, verifies a
   signature, uploads a file before it sends, and asks what became of a lost answer. */
#include "courier.h"

/* clang-format off */
#define MANIFEST TL_JSON({ \
  "settings": [ \
    {"key": "base_url", "type": "url", "title": "Address of the messenger", "required": true}, \
    {"key": "token", "type": "secret", "title": "Access token", "required": true}, \
    {"key": "app_secret", "type": "secret", "title": "Secret that signs webhooks"}, \
    {"key": "receive", "type": "choice", "title": "How messages arrive", \
     "choices": ["webhook", "poll"], "default": "webhook"} \
  ], \
  "receive": ["webhook", "poll"], \
  "poll": {"every": "30s"}, \
  "limits": [{"scope": "account", "rate": 30, "per": "1s", "burst": 30}], \
  "accept": { \
    "verify": {"hmac_sha256": {"header": "x-signature", "prefix": "sha256=", "setting": "app_secret"}}, \
    "answer": {"status": 200} \
  }, \
  "features": {"*": {"text_max": 4096, "attachments": {"file": {"max_bytes": 10485760}}}} \
})
/* clang-format on */

/* ---- tasks under way ---- */

static struct task* find(const tl_instance* instance, uint64_t id) {
    struct task* task = instance->open;
    while (task != NULL && task->id != id)
        task = task->next;
    return task;
}

static void forget(tl_instance* instance, uint64_t id) {
    for (struct task** at = &instance->open; *at != NULL; at = &(*at)->next) {
        struct task* task = *at;
        if (task->id != id) continue;
        *at = task->next;
        tl_buffer_free(&task->cursor);
        tl_buffer_free(&task->command);
        tl_buffer_free(&task->chat);
        tl_buffer_free(&task->text);
        free(task);
        return;
    }
}

struct task* begin_task(tl_instance* instance, uint64_t id) {
    forget(instance, id);
    struct task* task = calloc(1, sizeof *task);
    if (task == NULL) return NULL;
    task->next = instance->open;
    task->id = id;
    instance->open = task;
    return task;
}

tl_status end_task(const tl_input* input, const tl_effects* effects, tl_outcome outcome) {
    return effects->outcome(effects->ctx, input->task, &outcome);
}

/* ---- the border ---- */

static tl_status start(tl_instance* instance, const tl_input* input, const tl_effects* effects) {
    switch (input->kind) {
        case TL_IN_WEBHOOK:
            return on_webhook(instance, input, effects);
        case TL_IN_POLL:
            return on_poll(instance, input, effects);
        case TL_IN_COMMAND:
            return on_command(instance, input, effects);
        default:
            return TL_E_UNSUPPORTED;
    }
}

/* [continue] */
/* What each stage waits for. */
static uint32_t awaited(const struct task* task) {
    switch (task->stage) {
        case WAITING_FOR_ECHO:
            return TL_IN_TIMER;
        case READING_ECHO:
            return TL_IN_STORED;
        default:
            return TL_IN_HTTP_REPLY;
    }
}

static tl_status go_on(
    const tl_instance* instance, struct task* task, const tl_input* input, const tl_effects* effects
) {
    switch (task->stage) {
        case FETCHING:
            return on_fetched(task, input, effects);
        case UPLOADING:
            return on_uploaded(instance, task, input, effects);
        case SENDING:
            return on_sent(task, input, effects);
        case WAITING_FOR_ECHO:
            return on_waited(task, effects);
        case READING_ECHO:
            return on_echo(input, effects);
    }
    return TL_E_INTERNAL;
}

static tl_status handle_one(
    tl_instance* instance, const tl_input* input, const tl_effects* effects
) {
    tl_status status = TL_OK;
    const uint32_t kind = input->kind;
    uint32_t steps = 0; /* asked for before this input */
    if (kind >= TL_IN_HTTP_REPLY && kind < TL_IN_CANCEL) {
        struct task* task = find(instance, input->task);
        if (task == NULL || input->step != task->steps || kind != awaited(task))
            return TL_E_BAD_STATE;
        steps = task->steps;
        status = go_on(instance, task, input, effects);
    } else if (kind == TL_IN_CANCEL) {
        forget(instance, input->task);
        return TL_OK;
    } else {
        forget(instance, input->task);
        status = start(instance, input, effects);
    }
    /* A task that failed, or asked for nothing more, has ended. */
    const struct task* task = find(instance, input->task);
    if (task != NULL && (status != TL_OK || task->steps == steps)) forget(instance, input->task);
    return status;
}
/* [continue] */

static tl_status handle(
    tl_instance* instance,
    const tl_input* inputs,
    uint32_t n,
    uint32_t* done,
    const tl_effects* effects
) {
    for (*done = 0; *done < n; ++*done) {
        const tl_status status = handle_one(instance, &inputs[*done], effects);
        if (status != TL_OK) return status;
    }
    return TL_OK;
}

static void destroy(tl_instance* instance) {
    while (instance->open != NULL)
        forget(instance, instance->open->id);
    tl_buffer_free(&instance->base_url);
    tl_buffer_free(&instance->token);
    tl_buffer_free(&instance->app_secret);
    free(instance);
}

static tl_status create(const tl_host* host, const tl_setup* setup, tl_instance** out) {
    if (setup->state.size > 0) return TL_E_BAD_STATE; /* it saves none: this is another's */
    if (!tl_json_valid(setup->settings_json)) {
        tl_log(host, TL_LOG_ERROR, "the settings are no JSON");
        return TL_E_BAD_CONFIG;
    }
    tl_instance* instance = calloc(1, sizeof *instance);
    if (instance == NULL) return TL_E_NO_MEMORY;
    instance->host = host;
    tl_json_string(tl_json_at(setup->settings_json, "app_secret"), &instance->app_secret);
    if (!tl_json_string(tl_json_at(setup->settings_json, "base_url"), &instance->base_url) ||
        !tl_json_string(tl_json_at(setup->settings_json, "token"), &instance->token)) {
        tl_log(host, TL_LOG_ERROR, "base_url or token is missing");
        destroy(instance);
        return TL_E_BAD_CONFIG;
    }
    *out = instance;
    return TL_OK;
}

TL_CONNECTOR("courier", "1.0.0", "Courier", MANIFEST, create, destroy, handle)
