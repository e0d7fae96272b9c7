/* My Messenger: what comes in by webhook becomes a message, what is sent goes out by HTTP. */
#include <trunkline/c_json.h>

/* What a host may know without running any of this: reference/manifest.md of the documentation. */
/* clang-format off */
#define MANIFEST TL_JSON({ \
  "settings": [ \
    {"key": "base_url", "type": "url", "title": "Address of the messenger", "required": true}, \
    {"key": "secret", "type": "secret", "title": "Secret that its webhooks carry", "required": true} \
  ], \
  "receive": ["webhook"], \
  "accept": { \
    "verify": {"header_equals": {"header": "x-webhook-secret", "setting": "secret"}}, \
    "answer": {"status": 200, "body": "ok"} \
  }, \
  "receives": {"text": "full"}, \
  "features": {"*": {"text_max": 4096}} \
})
/* clang-format on */

/* ---- tasks under way ---- */

/* What a task knows between two inputs. It must follow from the task's own inputs alone, and from
   nothing that another task did: the host rebuilds a task, in a later version or after a crash, by
   feeding its inputs again. Here that is only which step it waits for. */
struct task {
    struct task* next;
    uint64_t id;
    uint32_t waits_for;
};

/* One for each connected account. */
struct tl_instance {
    const tl_host* host;
    tl_buffer base_url, secret;
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
        free(task);
        return;
    }
}

static tl_status remember(tl_instance* instance, uint64_t id, uint32_t waits_for) {
    struct task* task = malloc(sizeof *task);
    if (task == NULL) return TL_E_NO_MEMORY;
    *task = (struct task){instance->open, id, waits_for};
    instance->open = task;
    return TL_OK;
}

/* ---- a message comes in ---- */

/* Writes the universal form of a customer's message; BAD_INPUT when the body is something else. */
static tl_status read_message(tl_view body, tl_buffer* chat, tl_buffer* id, tl_buffer* json) {
    if (!tl_json_valid(body)) return TL_E_BAD_INPUT;
    if (!tl_json_id(tl_json_at(body, "chat"), chat)) return TL_E_BAD_INPUT;
    if (!tl_json_id(tl_json_at(body, "id"), id)) return TL_E_BAD_INPUT;
    const tl_view name = tl_json_at(body, "name");
    const tl_view text = tl_json_at(body, "text");

    tl_add_text(json, "{\"type\":\"message\",\"conversation\":{\"id\":");
    tl_add_quoted(json, tl_view_of(chat));
    tl_add_text(json, ",\"kind\":\"direct\"},\"sender\":{\"id\":");
    tl_add_quoted(json, tl_view_of(chat));
    tl_add_text(json, ",\"name\":");
    tl_add(json, tl_json_is_string(name) ? name : TL_TEXT("\"\""));
    tl_add_text(json, "},\"message\":{\"id\":");
    tl_add_quoted(json, tl_view_of(id));
    tl_add_text(json, ",\"text\":");
    tl_add(json, tl_json_is_string(text) ? text : TL_TEXT("\"\""));
    tl_add_text(json, "}}");
    return json->failed ? TL_E_NO_MEMORY : TL_OK;
}

static tl_status report(const tl_input* input, const tl_effects* effects) {
    tl_buffer chat = {0}, id = {0}, json = {0}, dedup = {0};
    tl_status status = read_message(input->body, &chat, &id, &json);
    if (status == TL_OK) {
        /* From the messenger's own ids, so that a message it sends twice is shown once. */
        tl_add(&dedup, tl_view_of(&chat));
        tl_add_text(&dedup, "/");
        tl_add(&dedup, tl_view_of(&id));
        if (dedup.failed) status = TL_E_NO_MEMORY;
    }
    if (status == TL_OK) {
        const tl_item item = {
            .size = sizeof item,
            .conversation = tl_view_of(&chat),
            .dedup = tl_view_of(&dedup),
            .json = tl_view_of(&json)};
        status = effects->item(effects->ctx, input->task, &item);
    }
    tl_buffer_free(&chat);
    tl_buffer_free(&id);
    tl_buffer_free(&json);
    tl_buffer_free(&dedup);
    return status;
}

/* The messenger calls: {"chat":"5","id":17,"name":"Ann","text":"Is it in stock?"} */
static tl_status on_webhook(
    const tl_instance* instance, const tl_input* input, const tl_effects* effects
) {
    if (!tl_equal_secrets(tl_header(input, "x-webhook-secret"), tl_view_of(&instance->secret)))
        return TL_E_FORGED;
    const tl_status status = report(input, effects);
    if (status == TL_E_BAD_INPUT)
        tl_log(instance->host, TL_LOG_WARNING, "my_messenger.not_understood");
    if (status != TL_OK) return status;
    const tl_answer answer = {.size = sizeof answer, .status = 200, .body = TL_TEXT("ok")};
    return effects->answer(effects->ctx, input->task, &answer);
}

/* ---- the portal sends ---- */

static tl_status end(const tl_input* input, const tl_effects* effects, tl_outcome outcome) {
    return effects->outcome(effects->ctx, input->task, &outcome);
}

/* No more than what `features` in the manifest declares comes here. */
static tl_status on_command(
    tl_instance* instance, const tl_input* input, const tl_effects* effects
) {
    const tl_view text = tl_json_at(input->body, "message.text");
    if (!tl_json_equals(tl_json_at(input->body, "type"), "send")) {
        return end(
            input,
            effects,
            tl_outcome_of(
                TL_REJECTED, TL_TEXT("unsupported"), TL_TEXT("Only sending is supported.")
            )
        );
    }
    tl_buffer url = {0}, message = {0};
    tl_add(&url, tl_view_of(&instance->base_url));
    tl_add_text(&url, "/messages");
    tl_add_text(&message, "{\"chat\":");
    tl_add_quoted(&message, input->key);
    tl_add_text(&message, ",\"text\":");
    tl_add(&message, tl_json_is_string(text) ? text : TL_TEXT("\"\""));
    tl_add_text(&message, "}");

    tl_status status = url.failed || message.failed ? TL_E_NO_MEMORY : TL_OK;
    if (status == TL_OK) {
        const tl_pair header = {TL_TEXT("content-type"), TL_TEXT("application/json")};
        const tl_http http = {
            .size = sizeof http,
            .flags = TL_HTTP_ONCE, /* a second call would be a second message */
            .method = TL_TEXT("POST"),
            .url = tl_view_of(&url),
            .headers = &header,
            .header_count = 1,
            .body = tl_view_of(&message)};
        status = effects->http(effects->ctx, input->task, 1, &http);
    }
    if (status == TL_OK) status = remember(instance, input->task, 1);
    tl_buffer_free(&url);
    tl_buffer_free(&message);
    return status;
}

static tl_status on_sent(const tl_input* reply, const tl_effects* effects) {
    char code[TL_FAILURE_CODE];
    if (reply->status / 100 != 2)
        return end(reply, effects, tl_failure_of(reply, TL_ACCOUNT, code));
    tl_buffer id = {0}, ids = {0};
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
        id.failed || ids.failed ? TL_E_NO_MEMORY : end(reply, effects, outcome);
    tl_buffer_free(&id);
    tl_buffer_free(&ids);
    return status;
}

/* ---- the border ---- */

static tl_status start(tl_instance* instance, const tl_input* input, const tl_effects* effects) {
    forget(instance, input->task); /* a task that is fed again begins anew */
    switch (input->kind) {
        case TL_IN_WEBHOOK:
            return on_webhook(instance, input, effects);
        case TL_IN_REPLAY: /* not understood by an earlier version; verified then */
            return report(input, effects);
        case TL_IN_COMMAND:
            return on_command(instance, input, effects);
        default:
            return TL_E_UNSUPPORTED;
    }
}

static tl_status handle_one(
    tl_instance* instance, const tl_input* input, const tl_effects* effects
) {
    if (input->kind == TL_IN_CANCEL) {
        forget(instance, input->task);
        return TL_OK;
    }
    if (input->kind < TL_IN_HTTP_REPLY) return start(instance, input, effects);
    if (input->kind > TL_IN_CANCEL) return TL_E_UNSUPPORTED;
    const struct task* task = find(instance, input->task);
    if (task == NULL || input->kind != TL_IN_HTTP_REPLY || input->step != task->waits_for)
        return TL_E_BAD_STATE;
    const tl_status status = on_sent(input, effects);
    forget(instance, input->task); /* it has ended, or failed: both end it */
    return status;
}

/* `*done` counts the inputs that ended well; it is raised before the next one begins, because the
   host reads it inside effects to know whose they are. */
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
    tl_buffer_free(&instance->secret);
    free(instance);
}

/* Reads what never changes, and does nothing else. */
static tl_status create(const tl_host* host, const tl_setup* setup, tl_instance** out) {
    const tl_view settings = setup->settings_json;
    if (setup->state.size > 0) return TL_E_BAD_STATE; /* it saves none: this is another's */
    if (!tl_json_valid(settings)) {
        tl_log(host, TL_LOG_ERROR, "the settings are no JSON");
        return TL_E_BAD_CONFIG;
    }
    tl_instance* instance = calloc(1, sizeof *instance);
    if (instance == NULL) return TL_E_NO_MEMORY;
    instance->host = host;
    const char* missing = NULL;
    if (!tl_json_string(tl_json_at(settings, "secret"), &instance->secret) ||
        instance->secret.size == 0)
        missing = "secret is missing";
    if (!tl_json_string(tl_json_at(settings, "base_url"), &instance->base_url) ||
        instance->base_url.size == 0)
        missing = "base_url is missing";
    if (missing != NULL) {
        tl_log(host, TL_LOG_ERROR, missing);
        destroy(instance);
        return TL_E_BAD_CONFIG;
    }
    *out = instance;
    return TL_OK;
}

TL_CONNECTOR("my_messenger", "1.0.0", "My Messenger", MANIFEST, create, destroy, handle)
