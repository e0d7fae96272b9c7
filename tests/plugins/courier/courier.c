/* A connector of no messenger, in C: what one step cannot show. It polls with a cursor, verifies a
   signature, uploads a file before it sends, and asks what became of a lost answer. */
#include <trunkline/c_json.h>
#include <trunkline/ext/crypto.h>

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

/* Where a task stands: what its next input answers. */
typedef enum stage { FETCHING, UPLOADING, SENDING, WAITING_FOR_ECHO, READING_ECHO } stage;

/* What a task knows between two inputs, all of it from its own inputs. Their bytes are gone when
   `handle` returns, so what is needed later is copied. */
struct task {
    struct task* next;
    uint64_t id;
    uint32_t steps; /* asked for so far; the last one is under way */
    stage stage;
    tl_buffer cursor;        /* of a poll */
    tl_buffer command, chat; /* of a command: its id, and the conversation */
    tl_buffer text;          /* raw JSON */
};

struct tl_instance {
    const tl_host* host;
    tl_buffer base_url, token, app_secret;
    struct task* open;
};

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

static struct task* begin(tl_instance* instance, uint64_t id) {
    forget(instance, id);
    struct task* task = calloc(1, sizeof *task);
    if (task == NULL) return NULL;
    task->next = instance->open;
    task->id = id;
    instance->open = task;
    return task;
}

static tl_status end(const tl_input* input, const tl_effects* effects, tl_outcome outcome) {
    return effects->outcome(effects->ctx, input->task, &outcome);
}

/* ---- messages come in ---- */

/* [echo] */
/* The messenger shows us what we sent: whoever lost the answer to that call finds its id here. */
static tl_status keep_echo(
    const tl_input* input, const tl_effects* effects, tl_view message, tl_view id
) {
    tl_buffer token = {0}, ids = {0};
    tl_status status = TL_OK;
    if (tl_json_string(tl_json_at(message, "token"), &token)) {
        tl_add_text(&ids, "[");
        tl_add_quoted(&ids, id);
        tl_add_text(&ids, "]");
        const int64_t expires = input->at_ms + 600000;
        status = ids.failed ? TL_E_NO_MEMORY
                            : effects->put(
                                  effects->ctx,
                                  input->task,
                                  TL_ACCOUNT,
                                  tl_view_of(&token),
                                  tl_view_of(&ids),
                                  expires,
                                  0
                              );
    }
    tl_buffer_free(&token);
    tl_buffer_free(&ids);
    return status;
}
/* [echo] */

static tl_status report_one(const tl_input* input, const tl_effects* effects, tl_view message) {
    tl_buffer chat = {0}, id = {0}, json = {0};
    const tl_view text = tl_json_at(message, "text");
    const int ours = tl_equal(tl_json_at(message, "echo"), TL_TEXT("true"));
    tl_status status = TL_OK;
    if (!tl_json_id(tl_json_at(message, "chat"), &chat) ||
        !tl_json_id(tl_json_at(message, "id"), &id))
        status = TL_E_BAD_INPUT;
    tl_add_text(&json, "{\"type\":\"message\",\"conversation\":{\"id\":");
    tl_add_quoted(&json, tl_view_of(&chat));
    tl_add_text(&json, "},\"message\":{\"id\":");
    tl_add_quoted(&json, tl_view_of(&id));
    tl_add_text(&json, ",\"text\":");
    tl_add(&json, tl_json_is_string(text) ? text : TL_TEXT("\"\""));
    tl_add_text(&json, "}}");
    if (status == TL_OK && json.failed) status = TL_E_NO_MEMORY;
    if (status == TL_OK) {
        const tl_item item = {
            .size = sizeof item,
            .flags = ours ? TL_ITEM_OUTGOING : 0,
            .conversation = tl_view_of(&chat),
            .dedup = tl_view_of(&id),
            .json = tl_view_of(&json)};
        status = effects->item(effects->ctx, input->task, &item);
    }
    if (status == TL_OK && ours) status = keep_echo(input, effects, message, tl_view_of(&id));
    tl_buffer_free(&chat);
    tl_buffer_free(&id);
    tl_buffer_free(&json);
    return status;
}

/* [list] */
static tl_status report_all(const tl_input* input, const tl_effects* effects, tl_view list) {
    tl_view message;
    for (message = tl_json_next(list, TL_JSON_NONE); message.data != NULL;
         message = tl_json_next(list, message)) {
        const tl_status status = report_one(input, effects, message);
        if (status != TL_OK) return status;
    }
    return TL_OK;
}
/* [list] */

/* [verify] */
/* 1 when the messenger signed exactly these bytes. */
static int signed_by_messenger(const tl_instance* instance, const tl_input* input) {
    static const char kDigits[] = "0123456789abcdef";
    const tl_crypto* crypto =
        instance->host->extension(instance->host->ctx, TL_TEXT(TL_EXT_CRYPTO));
    unsigned char digest[TL_SHA256_SIZE];
    char wanted[7 + 2 * TL_SHA256_SIZE] = "sha256=";
    if (crypto == NULL || instance->app_secret.size == 0) return 0;
    if (crypto->hmac_sha256(tl_view_of(&instance->app_secret), input->body, digest) != TL_OK)
        return 0;
    for (int i = 0; i < (int)TL_SHA256_SIZE; ++i) {
        wanted[7 + 2 * i] = kDigits[digest[i] >> 4];
        wanted[8 + 2 * i] = kDigits[digest[i] & 15];
    }
    return tl_equal_secrets(tl_header(input, "x-signature"), (tl_view){wanted, sizeof wanted});
}
/* [verify] */

static tl_status on_webhook(
    const tl_instance* instance, const tl_input* input, const tl_effects* effects
) {
    if (!signed_by_messenger(instance, input)) return TL_E_FORGED;
    if (!tl_json_valid(input->body)) return TL_E_BAD_INPUT;
    return report_all(input, effects, tl_json_at(input->body, "messages"));
}

/* ---- polling ---- */

/* [poll] */
static tl_status on_poll(tl_instance* instance, const tl_input* input, const tl_effects* effects) {
    struct task* task = begin(instance, input->task);
    if (task == NULL) return TL_E_NO_MEMORY;
    task->stage = FETCHING;
    task->steps = 1;
    tl_add(&task->cursor, input->note);
    tl_buffer url = {0};
    tl_add(&url, tl_view_of(&instance->base_url));
    tl_add_text(&url, "/updates?wait=50&since=");
    tl_add(&url, input->note); /* a number, see below */
    const tl_pair header = {TL_TEXT("authorization"), tl_view_of(&instance->token)};
    const tl_http http = {
        .size = sizeof http,
        .flags = TL_HTTP_LONG,
        .method = TL_TEXT("GET"),
        .url = tl_view_of(&url),
        .headers = &header,
        .header_count = 1,
        .timeout_ms = 60000,
        .reply_max = 1u << 20};
    const tl_status status = url.failed || task->cursor.failed
                                 ? TL_E_NO_MEMORY
                                 : effects->http(effects->ctx, input->task, 1, &http);
    tl_buffer_free(&url);
    return status;
}

static tl_status on_fetched(
    const struct task* task, const tl_input* reply, const tl_effects* effects
) {
    char code[TL_FAILURE_CODE];
    if (reply->status / 100 != 2)
        return end(reply, effects, tl_failure_of(reply, TL_ACCOUNT, code));
    if (!tl_json_valid(reply->body)) return TL_E_BAD_INPUT;
    const tl_view messages = tl_json_at(reply->body, "messages");
    const tl_status status = report_all(reply, effects, messages);
    if (status != TL_OK) return status;
    tl_outcome outcome = tl_outcome_of(TL_DONE, TL_TEXT(""), TL_TEXT(""));
    const tl_view position = tl_json_at(reply->body, "next");
    tl_buffer next = {0};
    /* A number: it goes into an address as it is. */
    if (!tl_json_is_string(position) && tl_json_id(position, &next)) {
        outcome.value = tl_view_of(&next); /* stored together with the messages */
        outcome.delay_ms = 0;              /* there may be more */
    } else {
        outcome.value = tl_view_of(&task->cursor);
    }
    const tl_status ended = next.failed ? TL_E_NO_MEMORY : end(reply, effects, outcome);
    tl_buffer_free(&next);
    return ended;
}
/* [poll] */

/* ---- sending ---- */

/* [steps] */
/* The last step of a command, whether or not a file went before it. */
static tl_status send(
    const tl_instance* instance, struct task* task, tl_view file, const tl_effects* effects
) {
    tl_buffer url = {0}, body = {0};
    tl_add(&url, tl_view_of(&instance->base_url));
    tl_add_text(&url, "/send");
    tl_add_text(&body, "{\"token\":");
    tl_add_quoted(&body, tl_view_of(&task->command)); /* the same whenever it is tried again */
    tl_add_text(&body, ",\"chat\":");
    tl_add_quoted(&body, tl_view_of(&task->chat));
    tl_add_text(&body, ",\"text\":");
    tl_add(&body, task->text.size > 0 ? tl_view_of(&task->text) : TL_TEXT("\"\""));
    if (file.size > 0) {
        tl_add_text(&body, ",\"file\":");
        tl_add(&body, file);
    }
    tl_add_text(&body, "}");
    task->stage = SENDING;
    const tl_pair headers[] = {
        {TL_TEXT("authorization"), tl_view_of(&instance->token)},
        {TL_TEXT("content-type"), TL_TEXT("application/json")}};
    const tl_http http = {
        .size = sizeof http,
        .flags = TL_HTTP_ONCE,
        .method = TL_TEXT("POST"),
        .url = tl_view_of(&url),
        .headers = headers,
        .header_count = 2,
        .body = tl_view_of(&body)};
    const tl_status status = url.failed || body.failed
                                 ? TL_E_NO_MEMORY
                                 : effects->http(effects->ctx, task->id, ++task->steps, &http);
    tl_buffer_free(&url);
    tl_buffer_free(&body);
    return status;
}

/* The file goes first; its bytes are the host's business. */
static tl_status upload(
    const tl_instance* instance, struct task* task, tl_view file, const tl_effects* effects
) {
    tl_buffer url = {0}, id = {0};
    tl_add(&url, tl_view_of(&instance->base_url));
    tl_add_text(&url, "/upload");
    const int named = tl_json_string(file, &id);
    task->stage = UPLOADING;
    const tl_pair header = {TL_TEXT("authorization"), tl_view_of(&instance->token)};
    const tl_part part = {.name = TL_TEXT("file"), .file = tl_view_of(&id)};
    const tl_http http = {
        .size = sizeof http,
        .method = TL_TEXT("POST"),
        .url = tl_view_of(&url),
        .headers = &header,
        .header_count = 1,
        .parts = &part,
        .part_count = 1,
        .timeout_ms = TL_MAX_TIMEOUT};
    const tl_status status = !named || url.failed
                                 ? TL_E_BAD_INPUT
                                 : effects->http(effects->ctx, task->id, ++task->steps, &http);
    tl_buffer_free(&url);
    tl_buffer_free(&id);
    return status;
}

static tl_status on_command(
    tl_instance* instance, const tl_input* input, const tl_effects* effects
) {
    if (!tl_json_valid(input->body)) return TL_E_BAD_INPUT;
    struct task* task = begin(instance, input->task);
    if (task == NULL) return TL_E_NO_MEMORY;
    tl_json_string(tl_json_at(input->body, "id"), &task->command);
    tl_add(&task->chat, input->key);
    tl_add(&task->text, tl_json_at(input->body, "message.text"));
    if (task->command.failed || task->chat.failed || task->text.failed) return TL_E_NO_MEMORY;
    const tl_view files = tl_json_at(input->body, "message.attachments");
    const tl_view file = tl_json_at(tl_json_next(files, TL_JSON_NONE), "file");
    if (file.data != NULL) return upload(instance, task, file, effects);
    return send(instance, task, TL_JSON_NONE, effects);
}

static tl_status on_uploaded(
    const tl_instance* instance, struct task* task, const tl_input* reply, const tl_effects* effects
) {
    char code[TL_FAILURE_CODE];
    if (reply->status / 100 != 2)
        return end(reply, effects, tl_failure_of(reply, TL_ACCOUNT, code));
    const tl_view id = tl_json_valid(reply->body) ? tl_json_at(reply->body, "id") : TL_JSON_NONE;
    if (!tl_json_is_string(id)) {
        return end(
            reply,
            effects,
            tl_outcome_of(
                TL_REJECTED, TL_TEXT("bad_answer"), TL_TEXT("The upload's answer names no file.")
            )
        );
    }
    return send(instance, task, id, effects);
}
/* [steps] */

/* [lost] */
static tl_status on_sent(struct task* task, const tl_input* reply, const tl_effects* effects) {
    char code[TL_FAILURE_CODE];
    if (reply->flags & TL_INPUT_UNKNOWN) { /* the messenger's echo names our token: wait for it */
        task->stage = WAITING_FOR_ECHO;
        return effects->timer(effects->ctx, task->id, ++task->steps, reply->at_ms + 5000);
    }
    if (reply->status / 100 != 2)
        return end(reply, effects, tl_failure_of(reply, TL_ACCOUNT, code));
    tl_buffer ids = {0}, id = {0};
    tl_outcome outcome =
        tl_outcome_of(TL_UNKNOWN, TL_TEXT("bad_answer"), TL_TEXT("The answer names no message."));
    if (tl_json_valid(reply->body) && tl_json_id(tl_json_at(reply->body, "id"), &id)) {
        tl_add_text(&ids, "[");
        tl_add_quoted(&ids, tl_view_of(&id));
        tl_add_text(&ids, "]");
        outcome = tl_outcome_of(TL_DONE, TL_TEXT(""), TL_TEXT(""));
        outcome.value = tl_view_of(&ids);
    }
    const tl_status status =
        ids.failed || id.failed ? TL_E_NO_MEMORY : end(reply, effects, outcome);
    tl_buffer_free(&ids);
    tl_buffer_free(&id);
    return status;
}

/* What the echo's webhook put under the token, if it came. */
static tl_status on_waited(struct task* task, const tl_effects* effects) {
    task->stage = READING_ECHO;
    return effects->get(
        effects->ctx, task->id, ++task->steps, TL_ACCOUNT, tl_view_of(&task->command)
    );
}

static tl_status on_echo(const tl_input* stored, const tl_effects* effects) {
    tl_outcome outcome = tl_outcome_of(
        TL_UNKNOWN, TL_TEXT("no_echo"), TL_TEXT("The answer was lost and no echo came.")
    );
    if (stored->status == 1) {
        outcome = tl_outcome_of(TL_DONE, TL_TEXT(""), TL_TEXT(""));
        outcome.value = stored->body; /* a JSON array of ids */
    }
    return end(stored, effects, outcome);
}
/* [lost] */

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
    if (!tl_json_valid(setup->settings_json)) return TL_E_BAD_CONFIG;
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
