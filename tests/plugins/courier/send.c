/* The portal sends: a file first when there is one, then the message, once. */
#include "courier.h"

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

tl_status on_command(tl_instance* instance, const tl_input* input, const tl_effects* effects) {
    if (!tl_json_valid(input->body)) return TL_E_BAD_INPUT;
    struct task* task = begin_task(instance, input->task);
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

tl_status on_uploaded(
    const tl_instance* instance, struct task* task, const tl_input* reply, const tl_effects* effects
) {
    char code[TL_FAILURE_CODE];
    if (reply->status / 100 != 2)
        return end_task(reply, effects, tl_failure_of(reply, TL_ACCOUNT, code));
    const tl_view id = tl_json_valid(reply->body) ? tl_json_at(reply->body, "id") : TL_JSON_NONE;
    if (!tl_json_is_string(id)) {
        return end_task(
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
tl_status on_sent(struct task* task, const tl_input* reply, const tl_effects* effects) {
    char code[TL_FAILURE_CODE];
    if (reply->flags & TL_INPUT_UNKNOWN) { /* the messenger's echo names our token: wait for it */
        task->stage = WAITING_FOR_ECHO;
        return effects->timer(effects->ctx, task->id, ++task->steps, reply->at_ms + 5000);
    }
    if (reply->status / 100 != 2)
        return end_task(reply, effects, tl_failure_of(reply, TL_ACCOUNT, code));
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
        ids.failed || id.failed ? TL_E_NO_MEMORY : end_task(reply, effects, outcome);
    tl_buffer_free(&ids);
    tl_buffer_free(&id);
    return status;
}

/* What the echo's webhook put under the token, if it came. */
tl_status on_waited(struct task* task, const tl_effects* effects) {
    task->stage = READING_ECHO;
    return effects->get(
        effects->ctx, task->id, ++task->steps, TL_ACCOUNT, tl_view_of(&task->command)
    );
}

tl_status on_echo(const tl_input* stored, const tl_effects* effects) {
    tl_outcome outcome = tl_outcome_of(
        TL_UNKNOWN, TL_TEXT("no_echo"), TL_TEXT("The answer was lost and no echo came.")
    );
    if (stored->status == 1) {
        outcome = tl_outcome_of(TL_DONE, TL_TEXT(""), TL_TEXT(""));
        outcome.value = stored->body; /* a JSON array of ids */
    }
    return end_task(stored, effects, outcome);
}
/* [lost] */
