/*
 * trunkline/c.h - for connectors in plain C: what each of them would write itself otherwise.
 *
 * C11, header-only, on top of abi.h and note.h: views and growing texts, the usual reading of an
 * answer, and TL_CONNECTOR, which makes the table, the note and the export. C++ has connector.hpp.
 * A connector may leave all of it out: the border is abi.h alone. Everything here is [any].
 */
#ifndef TRUNKLINE_C_H
#define TRUNKLINE_C_H

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <trunkline/abi.h>
#include <trunkline/note.h>
#include <trunkline/version.h>

/* ---- views ---- */

/* A view of a string literal; tl_text takes any terminated string. */
#define TL_TEXT(LITERAL) ((tl_view){"" LITERAL, sizeof(LITERAL) - 1})

static inline tl_view tl_text(const char* terminated) {
    return (tl_view){terminated, strlen(terminated)};
}

static inline int tl_equal(tl_view a, tl_view b) {
    return a.size == b.size && (a.size == 0 || memcmp(a.data, b.data, (size_t)a.size) == 0);
}

/* Compares secrets in time that depends on the lengths alone, so that a forger learns nothing. */
static inline int tl_equal_secrets(tl_view a, tl_view b) {
    unsigned difference = 0;
    if (a.size != b.size) return 0;
    for (uint64_t i = 0; i < a.size; ++i)
        difference |= (unsigned char)(a.data[i] ^ b.data[i]);
    return difference == 0;
}

/* The value of the first header of that name, written in lower case; empty when there is none. */
static inline tl_view tl_header(const tl_input* input, const char* name) {
    for (uint32_t i = 0; i < input->pair_count; ++i) {
        if (tl_equal(input->pairs[i].name, tl_text(name))) return input->pairs[i].value;
    }
    return TL_TEXT("");
}

static inline void tl_log(const tl_host* host, tl_log_level level, const char* line) {
    host->log(host->ctx, (int32_t)level, tl_text(line));
}

/* ---- a text that grows ---- */

/* Starts as {0}. Once memory was short `failed` stays 1 and adding does nothing, so that a text is
   put together first and judged once. End with tl_buffer_free. */
typedef struct tl_buffer {
    char* data;
    size_t size, room;
    int failed;
} tl_buffer;

static inline void tl_add(tl_buffer* to, tl_view text) {
    if (to->failed || text.size == 0) return;
    if (text.size > SIZE_MAX / 4 - to->size) {
        to->failed = 1;
        return;
    }
    const size_t size = to->size + (size_t)text.size;
    if (size > to->room) {
        const size_t room = size < 128 ? 256 : size * 2;
        char* grown = (char*)realloc(to->data, room);
        if (grown == NULL) {
            to->failed = 1;
            return;
        }
        to->data = grown;
        to->room = room;
    }
    memcpy(to->data + to->size, text.data, (size_t)text.size);
    to->size = size;
}

static inline void tl_add_text(tl_buffer* to, const char* terminated) {
    tl_add(to, tl_text(terminated));
}

/* Adds `text`, well-formed UTF-8, as a JSON string with its quotes. */
static inline void tl_add_quoted(tl_buffer* to, tl_view text) {
    static const char kDigits[] = "0123456789abcdef";
    uint64_t plain = 0; /* where what needs no escape began */
    tl_add_text(to, "\"");
    for (uint64_t i = 0; i <= text.size; ++i) {
        const unsigned char c = i < text.size ? (unsigned char)text.data[i] : '"';
        if (c >= 0x20 && c != '"' && c != '\\') continue;
        if (i > plain) tl_add(to, (tl_view){text.data + plain, i - plain});
        plain = i + 1;
        if (i == text.size) break;
        const char escape[] = {'\\', 'u', '0', '0', kDigits[c >> 4], kDigits[c & 15]};
        const char mark[] = {'\\', (char)c};
        tl_add(to, c < 0x20 ? (tl_view){escape, sizeof escape} : (tl_view){mark, sizeof mark});
    }
    tl_add_text(to, "\"");
}

static inline tl_view tl_view_of(const tl_buffer* text) {
    return (tl_view){text->data, text->size};
}

static inline void tl_buffer_free(tl_buffer* text) {
    free(text->data);
    *text = (tl_buffer){0};
}

/* ---- how a task ends ---- */

static inline tl_outcome tl_outcome_of(tl_outcome_kind kind, tl_view code, tl_view text) {
    return (tl_outcome){
        .size = sizeof(tl_outcome),
        .kind = (int32_t)kind,
        .delay_ms = -1,
        .code = code,
        .text = text};
}

/* What `Retry-After` asks for in seconds (RFC 9110, 10.2.3), as milliseconds, at most a day;
   `otherwise` when there is none or it is a date. */
static inline int64_t tl_retry_after_ms(const tl_input* reply, int64_t otherwise) {
    const tl_view text = tl_header(reply, "retry-after");
    int64_t seconds = 0;
    if (text.size == 0) return otherwise;
    for (uint64_t i = 0; i < text.size; ++i) {
        if (text.data[i] < '0' || text.data[i] > '9') return otherwise;
        seconds = seconds * 10 + (text.data[i] - '0');
        if (seconds > 24 * 3600) seconds = 24 * 3600;
    }
    return seconds * 1000;
}

#define TL_FAILURE_CODE 24 /* bytes of the code that tl_failure_of writes */

/* The usual reading of an HTTP_REPLY that is not 2xx: no answer -> unknown or retry; 429 -> retry
   with Retry-After, `throttled` waits with it; 401 -> the account is broken; 408, 425 and 5xx ->
   retry; the rest -> rejected. Look for the messenger's own codes first. `code` is where the
   outcome's code is written; it must live as long as the outcome. */
static inline tl_outcome tl_failure_of(
    const tl_input* reply, tl_scope throttled, char code[TL_FAILURE_CODE]
) {
    const int status = reply->status;
    tl_outcome outcome;
    snprintf(code, TL_FAILURE_CODE, "http_%d", status);
    if (reply->flags & TL_INPUT_UNKNOWN) {
        return tl_outcome_of(
            TL_UNKNOWN, TL_TEXT("no_answer"), TL_TEXT("The messenger's answer was lost.")
        );
    }
    if (status == 0) {
        outcome = tl_outcome_of(
            TL_RETRY, TL_TEXT("unreachable"), TL_TEXT("The messenger could not be reached.")
        );
        outcome.scope = TL_ACCOUNT;
        outcome.delay_ms = 1000;
    } else if (status == 429) {
        outcome = tl_outcome_of(TL_RETRY, tl_text(code), TL_TEXT("Too many requests."));
        outcome.scope = throttled;
        outcome.delay_ms = tl_retry_after_ms(reply, 5000);
    } else if (status == 401) {
        outcome = tl_outcome_of(
            TL_ACCOUNT_BROKEN, tl_text(code), TL_TEXT("The messenger refused the credentials.")
        );
    } else if (status >= 500 || status == 408 || status == 425) {
        outcome = tl_outcome_of(TL_RETRY, tl_text(code), TL_TEXT("The messenger is in trouble."));
        outcome.scope = TL_ACCOUNT;
        outcome.delay_ms = tl_retry_after_ms(reply, 2000);
    } else {
        outcome = tl_outcome_of(
            TL_REJECTED, tl_text(code), TL_TEXT("The messenger refused the request.")
        );
    }
    return outcome;
}

/* ---- the table, the note and the export ---- */

/* JSON as it is written, as a string literal: TL_JSON({"receive": ["webhook"]}). Its texts may hold
   everything but an apostrophe, which the preprocessor takes for the start of a character. */
#define TL_JSON(...) #__VA_ARGS__

#define TL_NOTE_BUILD "sdk " TL_SDK_VERSION "; c; " __VERSION__
#define TL_NOTE_TEXTS(ID, VERSION, TITLE, MANIFEST) \
    (sizeof(ID) + sizeof(VERSION) + sizeof(TITLE) + sizeof(MANIFEST) + sizeof(TL_NOTE_BUILD) - 5)
/* Up to four zero bytes behind the texts: a C array has at least one element. */
#define TL_NOTE_PADDING(SIZE) (4u - (SIZE) % 4u)

/*
 * Makes this library a connector, once per library. ID is [a-z][a-z0-9_]{1,31} and equals the file
 * name, VERSION is semantic, MANIFEST is JSON (docs/connectors/reference/manifest.md); all four are
 * string literals. CREATE, DESTROY and HANDLE are the functions of tl_plugin; further members may
 * follow, such as `.save = save, .state_schema = 1`. The note says state schema 0 unless
 * TL_NOTE_STATE_SCHEMA is defined to the one of the table.
 */
#ifndef TL_NOTE_STATE_SCHEMA
#define TL_NOTE_STATE_SCHEMA 0u
#endif
#define TL_CONNECTOR(ID, VERSION, TITLE, MANIFEST, CREATE, DESTROY, ...)                        \
    __attribute__((section(TL_NOTE_SECTION), used, aligned(4))) static const struct {           \
        uint32_t owner_size, size, type;                                                        \
        char owner[12];                                                                         \
        tl_note fixed;                                                                          \
        char id[sizeof(ID) - 1], version[sizeof(VERSION) - 1], title[sizeof(TITLE) - 1];        \
        char manifest[sizeof(MANIFEST) - 1], build[sizeof(TL_NOTE_BUILD) - 1];                  \
        char padding[TL_NOTE_PADDING(TL_NOTE_TEXTS(ID, VERSION, TITLE, MANIFEST))];             \
    } trunkline_note = {                                                                        \
        sizeof(TL_NOTE_OWNER),                                                                  \
        sizeof(tl_note) + TL_NOTE_TEXTS(ID, VERSION, TITLE, MANIFEST) +                         \
            TL_NOTE_PADDING(TL_NOTE_TEXTS(ID, VERSION, TITLE, MANIFEST)),                       \
        TL_NOTE_CONNECTOR,                                                                      \
        TL_NOTE_OWNER,                                                                          \
        {TL_NOTE_FORMAT,                                                                        \
         TL_ABI_MAJOR,                                                                          \
         0u, /* c.h uses nothing that a later minor appended */                                 \
         TL_NOTE_STATE_SCHEMA,                                                                  \
         sizeof(ID) - 1,                                                                        \
         sizeof(VERSION) - 1,                                                                   \
         sizeof(TITLE) - 1,                                                                     \
         sizeof(MANIFEST) - 1,                                                                  \
         sizeof(TL_NOTE_BUILD) - 1,                                                             \
         0u},                                                                                   \
        ID,                                                                                     \
        VERSION,                                                                                \
        TITLE,                                                                                  \
        MANIFEST,                                                                               \
        TL_NOTE_BUILD,                                                                          \
        {0}};                                                                                   \
    _Static_assert(                                                                             \
        sizeof(ID) - 1 >= 2 && sizeof(ID) - 1 <= 32, "a connector's id is [a-z][a-z0-9_]{1,31}" \
    );                                                                                          \
    __attribute__((visibility("default"))) const tl_plugin* tl_connector_entry(                 \
        uint32_t host_abi_major, uint32_t host_abi_minor                                        \
    ) {                                                                                         \
        static const tl_plugin plugin = {                                                       \
            .size = sizeof(tl_plugin),                                                          \
            .abi_major = TL_ABI_MAJOR,                                                          \
            .abi_minor = 0u,                                                                    \
            .state_schema = TL_NOTE_STATE_SCHEMA,                                               \
            .id = {ID, sizeof(ID) - 1},                                                         \
            .version = {VERSION, sizeof(VERSION) - 1},                                          \
            .title = {TITLE, sizeof(TITLE) - 1},                                                \
            .manifest = {MANIFEST, sizeof(MANIFEST) - 1},                                       \
            .create = (CREATE),                                                                 \
            .destroy = (DESTROY),                                                               \
            .handle = __VA_ARGS__};                                                             \
        const int fits = host_abi_major == TL_ABI_MAJOR && host_abi_minor >= plugin.abi_minor;  \
        return fits ? &plugin : NULL;                                                           \
    }

#endif
