/*
 * A connector that keeps every rule, in plain C and without a JSON library. The connectors in bad/
 * include it with one thing changed, by the macros below, so that each breaks one rule and no
 * other. What comes in: {"chat":"c","text":"t","id":1}, alone by webhook or several by poll.
 */
#ifndef TRUNKLINE_TESTS_SOUND_H
#define TRUNKLINE_TESTS_SOUND_H

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <trunkline/abi.h>
#include <trunkline/ext/crypto.h>
#include <trunkline/ext/random.h>
#include <trunkline/note.h>

#include "changes.h"

/* ---- texts ---- */

static tl_view text(const char* of) {
    tl_view view = {of, strlen(of)};
    return view;
}

static int is(tl_view view, const char* word) {
    return view.size == strlen(word) && memcmp(view.data, word, view.size) == 0;
}

/* What stands behind "key": a text without its quotes, or a number; nothing when it is not there.
   By memchr, because the kit counts instructions one by one, in some ninety connectors. */
static tl_view value_of(tl_view json, const char* key) {
    const size_t length = strlen(key);
    const char* const end = json.data + json.size;
    tl_view none = {NULL, 0};
    for (const char* at = json.data; at != NULL && (size_t)(end - at) > length + 3; ++at) {
        at = memchr(at, '"', (size_t)(end - at) - length - 3);
        if (at == NULL) return none;
        if (memcmp(at + 1, key, length) != 0 || at[1 + length] != '"' || at[2 + length] != ':')
            continue;
        const char* from = at + length + 3;
        const char* to = from;
        if (*from == '"') {
            for (to = ++from;;) {
                const char* quote = memchr(to, '"', (size_t)(end - to));
                if (quote == NULL) return none;
                const char* escape = memchr(to, '\\', (size_t)(quote - to));
                to = escape == NULL ? quote : escape + 2;
                if (escape == NULL) break;
                if (to >= end) return none;
            }
        } else {
            while (to < end && *to >= '0' && *to <= '9')
                ++to;
        }
        tl_view found = {from, (uint64_t)(to - from)};
        return found;
    }
    return none;
}

/* ---- the instance ---- */

typedef struct Open {
    uint64_t task;
    uint32_t kind;
    struct Open* next;
} Open;

struct tl_instance {
    const tl_host* host;
    char base_url[256], token[256];
    Open* open;
    int used, had_state;
    MORE_MEMBERS_OF_INSTANCE
};

static inline void say(const tl_host* host, const char* words) {
    host->log(host->ctx, TL_LOG_WARNING, text(words));
}

STATICS

static void close_task(tl_instance* inst, uint64_t task) {
    for (Open** at = &inst->open; *at != NULL; at = &(*at)->next) {
        if ((*at)->task != task) continue;
        Open* gone = *at;
        *at = gone->next;
        free(gone);
        return;
    }
}

static Open* find_task(tl_instance* inst, uint64_t task) {
    for (Open* at = inst->open; at != NULL; at = at->next)
        if (at->task == task) return at;
    return NULL;
}

static int open_task(tl_instance* inst, const tl_input* in) {
    close_task(inst, in->task);
    Open* fresh = malloc(sizeof *fresh);
    if (fresh == NULL) return 0;
    fresh->task = in->task;
    fresh->kind = in->kind;
    fresh->next = inst->open;
    inst->open = fresh;
    return 1;
}

/* ---- effects ---- */

static tl_status end_task(
    tl_instance* inst,
    const tl_effects* out,
    uint64_t task,
    int32_t kind,
    int64_t delay,
    uint32_t scope,
    const char* value,
    const char* code,
    const char* words
) {
    tl_outcome outcome = {
        sizeof outcome, kind, delay, scope, 0, text(value), text(code), text(words)};
    close_task(inst, task);
    return out->outcome(out->ctx, task, &outcome);
}

static tl_status call(
    tl_instance* inst, const tl_effects* out, const tl_input* in, const char* path, uint32_t flags
) {
    char url[480];
    const tl_pair header = {text("authorization"), text(inst->token)};
    tl_http http;
    memset(&http, 0, sizeof http);
    snprintf(url, sizeof url, "%s%s", inst->base_url, CALL_PATH(path));
    http.size = sizeof http;
    http.flags = flags;
    http.method = text("POST");
    http.url = text(url);
    http.headers = &header;
    http.header_count = 1;
    http.body = in->body;
    if (!open_task(inst, in)) return TL_E_NO_MEMORY;
    const tl_status status = out->http(out->ctx, in->task, 1, &http);
    if (status != TL_OK) close_task(inst, in->task);
    return status;
}

/* Writes a text and says where the next one goes. */
static char* put(char* to, tl_view words) {
    if (words.size > 0) memcpy(to, words.data, words.size);
    return to + words.size;
}

/* Reports the message at the head of `body`. */
static tl_status report(
    tl_instance* inst, const tl_effects* out, const tl_input* in, tl_view body
) {
    (void)inst;
    const tl_view chat = value_of(body, "chat"), id = value_of(body, "id"),
                  words = value_of(body, "text");
    if (chat.size == 0 || id.size == 0) return TL_E_BAD_INPUT;
    const char* tail = DEDUP_TAIL;
    const size_t json_max = 256 + 2 * chat.size + id.size + words.size;
    const size_t key_max = chat.size + id.size + strlen(tail) + 2;
    char* buffer = malloc(json_max + key_max);
    if (buffer == NULL) return TL_E_NO_MEMORY;
    char* end = put(buffer, text("{\"type\":\"message\",\"conversation\":{\"id\":\""));
    end = put(put(end, chat), text("\",\"kind\":\"direct\"},\"sender\":{\"id\":\""));
    end = put(put(end, chat), text("\"},\"message\":{\"id\":\""));
    end = put(put(end, id), text("\",\"text\":\""));
    end = put(put(end, words), text("\"}}"));
    char* const key = end;
    end = put(put(put(put(end, chat), text("/")), id), text(tail));
    tl_item item;
    memset(&item, 0, sizeof item);
    item.size = sizeof item;
    item.conversation = chat;
    item.json.data = buffer;
    item.json.size = (uint64_t)(key - buffer);
    item.dedup.data = key;
    item.dedup.size = (uint64_t)(end - key);
    item.note = text(NOTE);
    tl_status status = TL_OK;
    BEFORE_ITEM
    if (status == TL_OK) status = out->item(out->ctx, in->task, &item);
    AFTER_ITEM
    free(buffer);
    return status;
}

/* Everything from the first of several messages on; what cannot be read is left out. */
static tl_status report_all(tl_instance* inst, const tl_effects* out, const tl_input* in) {
    for (uint64_t i = 0; i + 8 < in->body.size; ++i) {
        const char* from = memchr(in->body.data + i, '{', in->body.size - 8 - i);
        if (from == NULL) break;
        i = (uint64_t)(from - in->body.data);
        if (memcmp(from, "{\"chat\":", 8) != 0) continue;
        const char* to = memchr(from, '}', in->body.size - i);
        tl_view one = {from, (to == NULL ? in->body.size - i : (uint64_t)(to - from + 1))};
        const tl_status status = report(inst, out, in, one);
        if (status != TL_OK && status != TL_E_BAD_INPUT) return status;
        if (to == NULL) break;
        i += one.size - 1;
    }
    return TL_OK;
}

/* ---- inputs ---- */

static tl_status webhook(tl_instance* inst, const tl_input* in, const tl_effects* out) {
    const tl_answer answer = {sizeof answer, 200, NULL, 0, 0, text("ok")};
    const tl_status status = report(inst, out, in, in->body);
    if (status != TL_OK) return status;
    const tl_status ended = out->answer(out->ctx, in->task, &answer);
    return WEBHOOK_END(ended);
}

static int64_t retry_after(const tl_input* in) {
    for (uint32_t i = 0; i < in->pair_count; ++i) {
        if (!is(in->pairs[i].name, "retry-after")) continue;
        int64_t seconds = 0;
        for (uint64_t k = 0; k < in->pairs[i].value.size && k < 6; ++k) {
            const char c = in->pairs[i].value.data[k];
            if (c < '0' || c > '9') return 5000;
            seconds = seconds * 10 + (c - '0');
        }
        return seconds * 1000;
    }
    return 5000;
}

static tl_status answered(tl_instance* inst, const tl_input* in, const tl_effects* out) {
    Open* open = find_task(inst, in->task);
    if (open == NULL || in->kind != TL_IN_HTTP_REPLY || in->step != 1) {
        ON_UNKNOWN_TASK
        return TL_E_BAD_STATE;
    }
    const uint32_t kind = open->kind;
    const uint32_t all = TL_ACCOUNT;
    ON_ANSWER
    if ((in->flags & TL_INPUT_UNKNOWN) != 0)
        return end_task(
            inst, out, in->task, TL_UNKNOWN, -1, all, "", "no_answer", "No answer came."
        );
    if (in->status == 401)
        return end_task(
            inst, out, in->task, TL_ACCOUNT_BROKEN, -1, all, "", "token", "The token is refused."
        );
    if (in->status == 429)
        return end_task(
            inst, out, in->task, TL_RETRY, retry_after(in), all, "", "busy", "Too many."
        );
    if (in->status == 0 || in->status >= 500)
        return end_task(
            inst, out, in->task, TL_RETRY, 2000, all, "", "trouble", "It is in trouble."
        );
    if (in->status < 200 || in->status >= 300)
        return end_task(
            inst, out, in->task, TL_REJECTED, -1, all, "", "refused", "It was refused."
        );
    if (kind == TL_IN_POLL) {
        const tl_status status = report_all(inst, out, in);
        if (status != TL_OK) {
            close_task(inst, in->task);
            return status;
        }
        return end_task(inst, out, in->task, TL_DONE, -1, all, "next", "", "");
    }
    if (kind == TL_IN_COMMAND) {
        char ids[80];
        const tl_view id = value_of(in->body, "id");
        if (id.size == 0 || id.size > 40 || memchr(id.data, '\\', id.size) != NULL)
            return end_task(
                inst, out, in->task, TL_UNKNOWN, -1, all, "", "bad_answer", "It cannot be read."
            );
        snprintf(ids, sizeof ids, "[\"%.*s\"]", (int)id.size, id.data);
        return end_task(inst, out, in->task, TL_DONE, -1, all, ids, "", "");
    }
    return end_task(inst, out, in->task, TL_DONE, -1, all, "{}", "", "");
}

static tl_status one(tl_instance* inst, const tl_input* in, uint32_t n, const tl_effects* out) {
    (void)n;
    ON_INPUT
    inst->used = 1;
    switch (in->kind) {
        case TL_IN_WEBHOOK:
        case TL_IN_ROUTED:
        case TL_IN_REPLAY:
            return webhook(inst, in, out);
        case TL_IN_POLL:
            return call(inst, out, in, "/updates", TL_HTTP_LONG);
        case TL_IN_COMMAND:
            return call(inst, out, in, "/send", TL_HTTP_ONCE);
        case TL_IN_FILE:
        case TL_IN_PROFILE:
        case TL_IN_CHECK:
        case TL_IN_DISCONNECT:
        case TL_IN_CONNECT:
            return call(inst, out, in, "/me", 0);
        case TL_IN_HTTP_REPLY:
        case TL_IN_TIMER:
        case TL_IN_STORED:
        case TL_IN_FORM:
            return answered(inst, in, out);
        case TL_IN_CANCEL:
            if (find_task(inst, in->task) == NULL) return CANCEL_OF_NONE;
            close_task(inst, in->task);
            return TL_OK;
        default:
            return TL_E_UNSUPPORTED;
    }
}

/* ---- the table ---- */

static tl_status create(const tl_host* host, const tl_setup* setup, tl_instance** out) {
    if (setup->state.size > 0) {
        if (!TAKES_SCHEMA(setup->state_schema)) return TL_E_BAD_STATE;
        const tl_status taken = TAKES_STATE(setup->state);
        if (taken != TL_OK) return taken;
    }
    const tl_view base = value_of(setup->settings_json, "base_url");
    const tl_view token = value_of(setup->settings_json, "token");
    if (base.size == 0 || base.size > 200 || token.size > 200 ||
        memcmp(base.data, "http", base.size < 4 ? base.size : 4) != 0) {
        ON_BAD_CONFIG;
        return TL_E_BAD_CONFIG;
    }
    tl_instance* inst = calloc(1, sizeof *inst);
    if (inst == NULL) return TL_E_NO_MEMORY;
    inst->host = host;
    inst->had_state = setup->state.size > 0;
    memcpy(inst->base_url, base.data, base.size);
    if (token.size > 0) memcpy(inst->token, token.data, token.size);
    ON_CREATE
    *out = inst;
    return TL_OK;
}

static void destroy(tl_instance* inst) {
    while (inst->open != NULL)
        close_task(inst, inst->open->task);
    ON_DESTROY
    free(inst);
}

static tl_status handle(
    tl_instance* inst, const tl_input* in, uint32_t n, uint32_t* done, const tl_effects* out
) {
    for (*done = 0; *done < n; ++*done) {
        const tl_status status = one(inst, in + *done, n, out);
        if (status == TL_OK) continue;
        ON_FAILURE(status)
        return status;
    }
    return TL_OK;
}

static tl_status save(tl_instance* inst, void* ctx, void (*sink)(void* ctx, tl_view)) {
    (void)inst;
    ON_SAVE
    sink(ctx, text(STATE(inst)));
    return TL_OK;
}

static tl_status self_check(const tl_host* host) {
    (void)host;
    return SELF_CHECK;
}

static const void* extension(tl_view id) {
    (void)id;
    return EXTENSION(id);
}

#define LIT(text) \
    { text, sizeof(text) - 1 }
static const tl_plugin table = {
    sizeof(tl_plugin),
    TL_ABI_MAJOR,
    0,
    1,
    LIT(CONNECTOR_ID),
    LIT(VERSION),
    LIT("Test"),
    LIT(MANIFEST),
    create,
    destroy,
    handle,
    save,
    self_check,
    extension};

#define NOTE_TEXTS CONNECTOR_ID VERSION TITLE_IN_NOTE MANIFEST "c"
__attribute__((used, section(TL_NOTE_SECTION), aligned(4))) static const struct {
    uint32_t owner_size, size, type;
    char owner[12];
    tl_note note;
    char texts[(sizeof(NOTE_TEXTS) + 2) / 4 * 4];
} note_in_file = {
    sizeof(TL_NOTE_OWNER),
    sizeof(tl_note) + (sizeof(NOTE_TEXTS) + 2) / 4 * 4,
    TL_NOTE_CONNECTOR,
    TL_NOTE_OWNER,
    {TL_NOTE_FORMAT,
     TL_ABI_MAJOR,
     0,
     1,
     sizeof(CONNECTOR_ID) - 1,
     sizeof(VERSION) - 1,
     sizeof(TITLE_IN_NOTE) - 1,
     sizeof(MANIFEST) - 1,
     1,
     0},
    NOTE_TEXTS};

__attribute__((visibility("default"))) const tl_plugin* tl_connector_entry(
    uint32_t major, uint32_t minor
) {
    (void)major;
    (void)minor;
    return ACCEPTS(major, minor) ? &table : NULL;
}

#endif
