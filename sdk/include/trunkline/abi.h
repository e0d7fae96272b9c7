/*
 * trunkline/abi.h - everything that crosses between the host and a connector.
 *
 * C11 and C++20, no helper code. The words:
 *   connector  the shared library that speaks one messenger
 *   instance   a connector's object for one account, or for the whole application
 *   input      one thing the host hands in; effect: one thing the connector asks for
 *   task       one piece of work: a starting input, its steps, one outcome
 *
 * Threads. The last line of every comment on a function says who may call it when:
 *   [control]  one host thread at a time for each connector; never together with [serving] of the
 *              same instance
 *   [serving]  any host thread, at most one at a time for each instance, memory-ordered between
 * calls [quiesced] no [serving] call of the instance runs or will start [any]      may be called at
 * any time from any thread, concurrently
 *
 * Ownership. A tl_view is borrowed: it is valid until the call that received it returns. Neither
 * side ever frees what the other allocated. Static tables live until the library is unloaded.
 *
 * Versions. Structs with `size` as the first member only grow at the end; ask with TL_HAS before
 * reading a member that a later minor version appended. Structs called frozen never change.
 * The JSON that crosses is described in docs/connectors/reference/.
 */
#ifndef TRUNKLINE_ABI_H
#define TRUNKLINE_ABI_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
#define TL_NOEXCEPT noexcept
#define TL_STATIC_ASSERT static_assert
extern "C" {
#else
#define TL_NOEXCEPT
#define TL_STATIC_ASSERT _Static_assert
#endif

#define TL_ABI_MAJOR 1u /* bumped when old connectors must be refused */
#define TL_ABI_MINOR 0u /* bumped when something was appended */

/* Limits, the same for every host. Beyond them an effect is refused with TL_E_LIMIT. */
#define TL_MAX_BATCH 64u         /* inputs in one call of handle */
#define TL_MAX_NOTE 4096u        /* bytes of a conversation's note */
#define TL_MAX_KEY 512u          /* bytes of an id, a dedup key, a stored key */
#define TL_MAX_VALUE 65536u      /* bytes of a stored value, form, outcome value, saved state */
#define TL_MAX_ITEM 262144u      /* bytes of one item's JSON */
#define TL_MAX_STEPS 64u         /* http, timer, get and form together, in one task */
#define TL_MAX_JOURNAL 262144u   /* bytes of replies kept to rebuild one task; the last is free */
#define TL_MAX_PAIRS 256u        /* headers of one request or answer */
#define TL_MAX_PARTS 32u         /* parts of one request */
#define TL_MAX_REPLY 16777216u   /* largest reply_max */
#define TL_MAX_REQUEST 16777216u /* bytes of a request without its host files */
#define TL_MAX_TIMEOUT 120000u   /* milliseconds of one request, an upload or a long poll too */

/* True when FIELD lies inside the struct the other side handed over and is set. */
#define TL_HAS(PTR, TYPE, FIELD) \
    ((PTR)->size >= offsetof(TYPE, FIELD) + sizeof((PTR)->FIELD) && (PTR)->FIELD)

/* Borrowed bytes, never NUL-terminated. `data` may be null only when `size` is 0. Frozen. */
typedef struct tl_view {
    const char* data;
    uint64_t size;
} tl_view;

/* A header, query or form field. Header names arrive in lower case. Frozen. */
typedef struct tl_pair {
    tl_view name, value;
} tl_pair;

/* The connector's own object; opaque to the host. */
typedef struct tl_instance tl_instance;

/*
 * What a call came to. In the results of `handle` it speaks about the input at `*done`:
 *                    inbound                                    a command
 *   INTERNAL         tried 3 times, then as BAD_INPUT           tried 3 times, then as BAD_INPUT
 *   NO_MEMORY        as INTERNAL                                as INTERNAL
 *   BAD_STATE        the task is unknown here: re-fed from its first input
 *   BAD_INPUT        raw to quarantine, `unsupported` in its    dead letter, `status failed`
 *                    place, answered as if accepted
 *   UNSUPPORTED      as BAD_INPUT                               as BAD_INPUT
 *   LIMIT            as BAD_INPUT, or later when the host       as BAD_INPUT, or later
 *                    itself was short of space
 *   FORGED           401 or 403, counted, nothing kept          (not used)
 * Only INTERNAL and NO_MEMORY count for the connector's breaker. BAD_CONFIG comes from `create`.
 */
typedef enum tl_code {
    TL_OK = 0,
    TL_E_INTERNAL = -1,
    TL_E_NO_MEMORY = -2,
    TL_E_BAD_CONFIG = -3,
    TL_E_BAD_STATE = -4,
    TL_E_BAD_INPUT = -5,
    TL_E_UNSUPPORTED = -6,
    TL_E_LIMIT = -7,
    TL_E_FORGED = -8
} tl_code;
typedef int32_t tl_status; /* a tl_code; an unknown negative means TL_E_INTERNAL */

/* ---- inputs: what the host hands to handle() ---- */

/* The members of tl_input that are set stand behind each kind; the others are empty or 0. */
typedef enum tl_input_kind {
    /* These start a task. */
    TL_IN_WEBHOOK = 1, /* method, target (path and query below the hook), pairs = headers, body */
    TL_IN_ROUTED = 2,  /* key = account key, body = what route() was given; already verified */
    TL_IN_REPLAY = 3,  /* a quarantined payload again, members as when it came; answer() is void */
    TL_IN_POLL = 4,    /* time to fetch; note = cursor, empty at first */
    TL_IN_COMMAND = 5, /* key = conversation, note = its note, body = command (command.md) */
    TL_IN_FILE = 6,    /* key = `ref` of an attachment: say where its bytes are, by source() */
    TL_IN_PROFILE = 7, /* key = customer id, note = note of the conversation */
    TL_IN_CONNECT = 8, /* body = what is known so far (connect.md) */
    TL_IN_CHECK = 9,   /* time for the health check of manifest `check_every` */
    TL_IN_DISCONNECT = 10, /* undo what CONNECT did at the messenger */
    /* These continue one: `step` names the effect they answer. */
    TL_IN_HTTP_REPLY = 64, /* status (0 = no answer), pairs = headers, body; target = final URL */
    TL_IN_TIMER = 65,      /* the time asked for has come */
    TL_IN_STORED = 66,     /* status 1 and body = value when the key exists, else status 0 */
    TL_IN_FORM = 67,       /* body = what the person entered (connect.md) */
    TL_IN_CANCEL = 68      /* step 0: the host gave up on the task; forget it. Always TL_OK */
} tl_input_kind;

typedef enum tl_input_flag {
    TL_INPUT_REPLAYED = 1, /* fed again after a reload or a crash; effects are not done twice */
    TL_INPUT_UNKNOWN = 2,  /* HTTP_REPLY: no answer, but the request may have arrived */
    TL_INPUT_TRUNCATED = 4 /* HTTP_REPLY: the body was longer than reply_max */
} tl_input_flag;

/* One input. Frozen, 160 bytes, an array of them is a batch; reserved words are zero. An unknown
   kind is answered with TL_E_UNSUPPORTED. */
typedef struct tl_input {
    uint32_t size, kind;
    uint64_t task;  /* the host's id of the work this starts or continues; never 0, never reused */
    uint32_t step;  /* of the effect this answers; 0 when it starts a task */
    uint32_t flags; /* tl_input_flag */
    int64_t at_ms;  /* Unix time in milliseconds: the only clock a connector has */
    int64_t deadline_ms; /* when the host gives up on this task */
    int32_t status;
    uint32_t pair_count;
    const tl_pair* pairs;
    tl_view method, target, body, key, note;
    uint64_t reserved[3];
} tl_input;
TL_STATIC_ASSERT(sizeof(void*) == 8, "the border is defined for 64-bit machines");
TL_STATIC_ASSERT(sizeof(tl_view) == 16, "tl_view is frozen");
TL_STATIC_ASSERT(sizeof(tl_pair) == 32, "tl_pair is frozen");
TL_STATIC_ASSERT(sizeof(tl_input) == 160, "tl_input is frozen");

/* ---- effects: what a connector asks for while handling ---- */

typedef enum tl_http_flag {
    TL_HTTP_ONCE = 1,        /* unsafe to repeat: "started" is durable before the first byte */
    TL_HTTP_NO_REDIRECT = 2, /* hand a 3xx to the connector */
    TL_HTTP_LONG = 4,        /* a long poll: outside the limit of requests per messenger host */
    TL_HTTP_CONCAT = 8       /* parts joined as the body instead of multipart/form-data */
} tl_http_flag;

typedef enum tl_part_flag {
    TL_PART_BASE64 = 1 /* only with TL_HTTP_CONCAT: the part's bytes are sent as base64 */
} tl_part_flag;

/* One part of a body: exactly one of `bytes` and `file`. Frozen. */
typedef struct tl_part {
    tl_view name, filename, mime, bytes;
    tl_view file;   /* a host file id; its bytes are streamed and never seen by the connector */
    uint64_t flags; /* tl_part_flag */
} tl_part;
TL_STATIC_ASSERT(sizeof(tl_part) == 88, "tl_part is frozen");

/* A request. Sized. */
typedef struct tl_http {
    uint32_t size, flags; /* tl_http_flag */
    tl_view method, url;  /* absolute http or https URL */
    const tl_pair* headers;
    const tl_part* parts;
    uint32_t header_count, part_count;
    tl_view body;       /* when part_count is 0 */
    int64_t timeout_ms; /* of the whole exchange, at most TL_MAX_TIMEOUT; 0 = 30000 */
    uint64_t reply_max; /* bytes of body wanted; 0 = 65536 */
    tl_view bucket;     /* quota of the manifest that this call counts against; empty = none */
} tl_http;

typedef enum tl_item_flag {
    TL_ITEM_OUTGOING = 1, /* echo of what was sent from our side or from the messenger's app */
    TL_ITEM_HISTORY = 2   /* older than the connection */
} tl_item_flag;

/* One universal event (item.md). Sized. */
typedef struct tl_item {
    uint32_t size, flags; /* tl_item_flag */
    tl_view conversation; /* the messenger's id of the chat */
    tl_view dedup;        /* from the messenger's facts, never from a clock; empty = do not dedup */
    tl_view json;         /* universal form without id, sequence and account */
    tl_view raw;  /* of type `unsupported`: what goes to quarantine; empty = the whole input */
    tl_view note; /* kept with the conversation, handed back in COMMAND; empty = unchanged */
} tl_item;

/* The answer to a webhook. Sized. Without one the messenger gets 200 and an empty body. */
typedef struct tl_answer {
    uint32_t size;
    int32_t status; /* 200 to 599 */
    const tl_pair* headers;
    uint32_t header_count, reserved;
    tl_view body;
} tl_answer;

/* How a task ended. */
typedef enum tl_outcome_kind {
    TL_DONE = 0,           /* COMMAND: the messenger has it */
    TL_RETRY = 1,          /* again from the start, not before delay_ms; `scope` waits with it */
    TL_REJECTED = 2,       /* refused for good; code and text say why */
    TL_UNKNOWN = 3,        /* it may have happened; never tried again */
    TL_ACCOUNT_BROKEN = 4, /* the account needs a person; its outbound lane stops, commands stay */
    TL_DEGRADE = 5         /* again with less: code names the feature to do without */
} tl_outcome_kind;

/* How far something reaches: who waits with a RETRY, who shares a stored key. */
typedef enum tl_scope {
    TL_CONVERSATION = 0, /* of the COMMAND or PROFILE at hand; refused in other tasks */
    TL_ACCOUNT = 1,
    TL_CONNECTOR = 2
} tl_scope;

/* Sized. */
typedef struct tl_outcome {
    uint32_t size;
    int32_t kind;     /* tl_outcome_kind */
    int64_t delay_ms; /* RETRY: not before, from now; POLL: until the next, -1 = as the manifest */
    uint32_t scope;   /* RETRY: tl_scope */
    uint32_t reserved;
    tl_view value; /* COMMAND: ids as a JSON array; POLL: cursor; PROFILE, CHECK, CONNECT: JSON */
    tl_view code;  /* for machines: lower case, digits and underscores */
    tl_view text;  /* for people; no secrets */
} tl_outcome;

typedef enum tl_put_flag {
    TL_PUT_SECRET = 1 /* encrypted at rest, never shown, never in a recording */
} tl_put_flag;

/*
 * What a connector may ask for, only inside `handle`, on the calling thread.
 *
 * The host copies every argument before it returns. What one call of `handle` asked for becomes
 * durable together or not at all; effects of an input that failed are dropped with it.
 * Every function is Required in a host, and returns TL_OK, or
 *   TL_E_LIMIT      a limit above, a quota of the host, or too little space
 *   TL_E_BAD_INPUT  malformed: bad JSON, URL, header, UTF-8, scope or step
 *   TL_E_BAD_STATE  the task is not open, or already has an outcome
 *   TL_E_UNSUPPORTED  this host does not do it, or not in such a task: a ONCE call needs a task
 *                   that outlives a restart, which only a COMMAND is
 * A refused effect leaves no trace. `step` counts 1, 2, 3... in each task over http, timer, get
 * and form. [serving]
 */
/* clang-format off */
typedef struct tl_effects {
    uint32_t size, reserved;
    void* ctx;

    /* Sends a request; HTTP_REPLY answers. A put() of the same call is durable before it leaves.
       [serving] */
    tl_status (*http)(void* ctx, uint64_t task, uint32_t step, const tl_http*) TL_NOEXCEPT;

    /* Waits until `due_ms` (Unix time); TIMER answers, at once when it has passed. [serving] */
    tl_status (*timer)(void* ctx, uint64_t task, uint32_t step, int64_t due_ms) TL_NOEXCEPT;

    /* Reads a stored key; STORED answers. [serving] */
    tl_status (*get)(
        void* ctx, uint64_t task, uint32_t step, int32_t scope, tl_view key) TL_NOEXCEPT;

    /* CONNECT only: shows a form (connect.md); FORM answers, perhaps days later. [serving] */
    tl_status (*form)(void* ctx, uint64_t task, uint32_t step, tl_view json) TL_NOEXCEPT;

    /* Stores a value until `expires_ms` (Unix time, 0 = kept); an empty one removes it. `flags`
       are tl_put_flag. [serving] */
    tl_status (*put)(
        void* ctx, uint64_t task, int32_t scope, tl_view key, tl_view value, int64_t expires_ms,
        uint32_t flags) TL_NOEXCEPT;

    /* Reports one universal event; several keep their order. [serving] */
    tl_status (*item)(void* ctx, uint64_t task, const tl_item*) TL_NOEXCEPT;

    /* Application instance only: hands `body` to the account that `account_key` names. All routed
       parts become durable together with this call; unknown keys are counted and dropped.
       [serving] */
    tl_status (*route)(void* ctx, uint64_t task, tl_view account_key, tl_view body) TL_NOEXCEPT;

    /* The chat `former` is now `conversation`; both name the portal's one. [serving] */
    tl_status (*alias)(void* ctx, uint64_t task, tl_view conversation, tl_view former) TL_NOEXCEPT;

    /* FILE only: the host fetches the bytes there, until `expires_ms` (Unix time, 0 = as long as
       it lasts) without asking again; headers leave with it but not to another host. [serving] */
    tl_status (*source)(void* ctx, uint64_t task, const tl_http*, int64_t expires_ms) TL_NOEXCEPT;

    /* The account's health changed: `state` is ok, degraded, broken (the messenger no longer knows
       it), blocked, in_review, conflict (another program serves it too) or rate_limited; `until_ms`
       0 = until told otherwise. [serving] */
    tl_status (*health)(
        void* ctx, uint64_t task, tl_view state, tl_view code, tl_view text, int64_t until_ms)
        TL_NOEXCEPT;

    /* WEBHOOK only, once: what the messenger gets, as soon as everything this task asked for so
       far is durable. [serving] */
    tl_status (*answer)(void* ctx, uint64_t task, const tl_answer*) TL_NOEXCEPT;

    /* Ends the task. Each task ends with exactly one; WEBHOOK, ROUTED and REPLAY may omit TL_DONE:
       they also end when the connector returns without a pending step. [serving] */
    tl_status (*outcome)(void* ctx, uint64_t task, const tl_outcome*) TL_NOEXCEPT;
} tl_effects;
/* clang-format on */

/* ---- the two tables ---- */

typedef enum tl_log_level {
    TL_LOG_DEBUG = 0,
    TL_LOG_INFO = 1,
    TL_LOG_WARNING = 2,
    TL_LOG_ERROR = 3
} tl_log_level;

/* The host as a connector sees it. Sized; outlives every instance. */
typedef struct tl_host {
    uint32_t size, abi_minor;
    void* ctx;
    tl_view product_version;

    /* Required. A line for the operator; no message text, no secrets; cut at 4 KiB. [any] */
    void (*log)(void* ctx, int32_t level, tl_view text) TL_NOEXCEPT;

    /* Required. The table of an optional feature such as "trunkline.crypto/1" (trunkline/ext/), or
       null. Lives as long as the host. [any] */
    const void* (*extension)(void* ctx, tl_view id)TL_NOEXCEPT;
} tl_host;

/* What an instance is made from. Sized. */
typedef struct tl_setup {
    uint32_t size;
    int32_t scope;          /* TL_ACCOUNT, or TL_CONNECTOR for the application instance */
    tl_view name;           /* account id, empty for the application instance */
    tl_view connector_json; /* `connectors.<id>` of the configuration: an object */
    tl_view settings_json;  /* the account's settings and secrets: an object */
    tl_view hook_url;       /* where the messenger calls this instance */
    tl_view state;          /* what `save` gave; empty on a first start, which is always legal */
    uint32_t state_schema;  /* of `state` */
    uint32_t reserved;
} tl_setup;

/* clang-format off */
/* The connector as the host sees it: static const inside the library. Sized. */
typedef struct tl_plugin {
    uint32_t size;
    uint32_t abi_major;    /* TL_ABI_MAJOR it was compiled against */
    uint32_t abi_minor;    /* the oldest host minor it works with; computed, not typed */
    uint32_t state_schema; /* of what `save` gives; `create` refuses others with BAD_STATE */
    tl_view id, version, title;
    tl_view manifest; /* JSON (manifest.md); the same bytes as in the ELF note */

    /* Required. Makes an instance within 10 ms, without I/O; `*out` is set only with TL_OK.
       TL_E_BAD_CONFIG: the account is shown as broken; TL_E_BAD_STATE: called again without state.
       [control] */
    tl_status (*create)(const tl_host*, const tl_setup*, tl_instance** out) TL_NOEXCEPT;

    /* Required. Ends an instance with its open tasks; they can be re-fed to another one.
       [control, quiesced] */
    void (*destroy)(tl_instance*) TL_NOEXCEPT;

    /* Required. Handles `n` inputs (1 to TL_MAX_BATCH) in order. `*done` starts at 0 and is raised
       after each input that ended with TL_OK, before the next begins: the host reads it inside
       effects to know whose they are. The first input that fails ends the call with its status;
       the connector has then forgotten that input's task, except with TL_E_BAD_STATE, which changes
       nothing. The host goes on behind it. A starting input for an open task begins it anew.
       [serving] */
    tl_status (*handle)(
        tl_instance*, const tl_input*, uint32_t n, uint32_t* done, const tl_effects*) TL_NOEXCEPT;

    /* Optional. Hands caches worth keeping over a reload to `sink`, once, at most TL_MAX_VALUE
       bytes, no secrets. Open tasks are not state. [control, quiesced] */
    tl_status (*save)(tl_instance*, void* ctx, void (*sink)(void* ctx, tl_view)) TL_NOEXCEPT;

    /* Optional. Tests tables and parsers within 2 s, without effects. [control, before create] */
    tl_status (*self_check)(const tl_host*) TL_NOEXCEPT;

    /* Optional. The connector's table of an optional feature, or null. [any] */
    const void* (*extension)(tl_view id) TL_NOEXCEPT;
} tl_plugin;
/* clang-format on */

/* The one export. Null when the host's major differs from TL_ABI_MAJOR or its minor is older than
   `abi_minor`: the host then prints both sides' numbers. [control] */
const tl_plugin* tl_connector_entry(uint32_t host_abi_major, uint32_t host_abi_minor) TL_NOEXCEPT;

#ifdef __cplusplus
}
#endif
#endif
