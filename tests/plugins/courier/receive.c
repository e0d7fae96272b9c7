/* Messages come in, by signed webhooks and by polling. */
#include <trunkline/ext/crypto.h>

#include "courier.h"

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

tl_status on_webhook(
    const tl_instance* instance, const tl_input* input, const tl_effects* effects
) {
    if (!signed_by_messenger(instance, input)) return TL_E_FORGED;
    if (!tl_json_valid(input->body)) return TL_E_BAD_INPUT;
    return report_all(input, effects, tl_json_at(input->body, "messages"));
}

/* ---- polling ---- */

/* [poll] */
tl_status on_poll(tl_instance* instance, const tl_input* input, const tl_effects* effects) {
    struct task* task = begin_task(instance, input->task);
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

tl_status on_fetched(const struct task* task, const tl_input* reply, const tl_effects* effects) {
    char code[TL_FAILURE_CODE];
    if (reply->status / 100 != 2)
        return end_task(reply, effects, tl_failure_of(reply, TL_ACCOUNT, code));
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
    const tl_status ended = next.failed ? TL_E_NO_MEMORY : end_task(reply, effects, outcome);
    tl_buffer_free(&next);
    return ended;
}
/* [poll] */
