/*
 * trunkline/c_json.h - reading hostile JSON in plain C, without building anything.
 *
 * tl_json_valid judges a whole document once (RFC 8259, well-formed UTF-8, TL_JSON_DEPTH deep). The
 * others walk a judged text and hand out its parts as they stand there: views of raw JSON. A raw
 * string or number can be written into other JSON as it is; tl_json_string decodes one. What is
 * missing is a view with `data` NULL, and may be asked further. Everything here is [any].
 */
#ifndef TRUNKLINE_C_JSON_H
#define TRUNKLINE_C_JSON_H

#include <trunkline/c.h>

#define TL_JSON_DEPTH 32
#define TL_JSON_NONE ((tl_view){NULL, 0})

/* ---- one step at a time; `at` never passes `end` ---- */

static inline const char* tl_json_blank_(const char* at, const char* end) {
    while (at < end && (*at == ' ' || *at == '\t' || *at == '\n' || *at == '\r'))
        ++at;
    return at;
}

static inline int tl_json_hex_(const char* at, const char* end, unsigned* out) {
    if (end - at < 4) return 0;
    *out = 0;
    for (int i = 0; i < 4; ++i) {
        const char c = at[i];
        const unsigned digit = c >= '0' && c <= '9'   ? (unsigned)(c - '0')
                               : c >= 'a' && c <= 'f' ? (unsigned)(c - 'a') + 10
                               : c >= 'A' && c <= 'F' ? (unsigned)(c - 'A') + 10
                                                      : 16;
        if (digit == 16) return 0;
        *out = *out * 16 + digit;
    }
    return 1;
}

/* The length of the UTF-8 sequence at `at`, 0 when it is malformed (RFC 3629). */
static inline size_t tl_json_utf8_(const char* at, const char* end) {
    const unsigned char* u = (const unsigned char*)at;
    if (u[0] < 0x80) return 1;
    const size_t size = u[0] >= 0xF0 ? 4 : u[0] >= 0xE0 ? 3 : 2;
    if (u[0] < 0xC2 || u[0] > 0xF4 || (size_t)(end - at) < size) return 0;
    for (size_t i = 1; i < size; ++i) {
        if ((u[i] & 0xC0) != 0x80) return 0;
    }
    if ((u[0] == 0xE0 && u[1] < 0xA0) || (u[0] == 0xED && u[1] > 0x9F)) return 0;
    if ((u[0] == 0xF0 && u[1] < 0x90) || (u[0] == 0xF4 && u[1] > 0x8F)) return 0;
    return size;
}

/* Decodes one character of a string's inside to `out` and moves behind it; returns its bytes, 0 at
   the closing quote, -1 when it is malformed. */
static inline int tl_json_character_(const char** at, const char* end, char out[4]) {
    static const char kMarks[] = "\"\\/bfnrt", kMeant[] = "\"\\/\b\f\n\r\t";
    if (*at == end || (unsigned char)**at < 0x20) return -1;
    if (**at == '"') return 0;
    if (**at != '\\') {
        const size_t size = tl_json_utf8_(*at, end);
        if (size == 0) return -1;
        memcpy(out, *at, size);
        *at += size;
        return (int)size;
    }
    if (++*at == end || **at == '\0') return -1;
    if (**at != 'u') {
        const char* mark = strchr(kMarks, **at);
        if (mark == NULL) return -1;
        out[0] = kMeant[mark - kMarks];
        ++*at;
        return 1;
    }
    unsigned code, low;
    if (!tl_json_hex_(++*at, end, &code)) return -1;
    *at += 4;
    if (code >= 0xDC00 && code <= 0xDFFF) return -1;
    if (code >= 0xD800 && code <= 0xDBFF) {
        if (end - *at < 6 || (*at)[0] != '\\' || (*at)[1] != 'u') return -1;
        if (!tl_json_hex_(*at + 2, end, &low) || low < 0xDC00 || low > 0xDFFF) return -1;
        *at += 6;
        code = 0x10000 + ((code - 0xD800) << 10) + (low - 0xDC00);
    }
    if (code < 0x80) {
        out[0] = (char)code;
        return 1;
    }
    const int size = code < 0x800 ? 2 : code < 0x10000 ? 3 : 4;
    static const unsigned kFirst[] = {0, 0, 0xC0, 0xE0, 0xF0};
    for (int i = size - 1; i > 0; --i, code >>= 6)
        out[i] = (char)(0x80 | (code & 0x3F));
    out[0] = (char)(kFirst[size] | code);
    return size;
}

/* Behind the string that begins at `at`, or NULL. */
static inline const char* tl_json_skip_string_(const char* at, const char* end) {
    char character[4];
    int size;
    if (at == end || *at++ != '"') return NULL;
    while ((size = tl_json_character_(&at, end, character)) > 0) {
    }
    return size == 0 ? at + 1 : NULL;
}

static inline const char* tl_json_digits_(const char* at, const char* end) {
    const char* first = at;
    while (at < end && *at >= '0' && *at <= '9')
        ++at;
    return at == first ? NULL : at;
}

static inline const char* tl_json_skip_number_(const char* at, const char* end) {
    if (at < end && *at == '-') ++at;
    if (at < end && *at == '0')
        ++at;
    else if ((at = tl_json_digits_(at, end)) == NULL)
        return NULL;
    if (at < end && *at == '.' && (at = tl_json_digits_(at + 1, end)) == NULL) return NULL;
    if (at < end && (*at == 'e' || *at == 'E')) {
        ++at;
        if (at < end && (*at == '+' || *at == '-')) ++at;
        at = tl_json_digits_(at, end);
    }
    return at;
}

/* Behind the value that begins at `at`, or NULL when it is malformed or too deep. Recursion is
   bounded by `depth`. */
static inline const char* tl_json_skip_(const char* at, const char* end, int depth) {
    static const char* const kWords[] = {"true", "false", "null"};
    if (at == end) return NULL;
    if (*at == '"') return tl_json_skip_string_(at, end);
    if (*at != '{' && *at != '[') {
        for (int i = 0; i < 3; ++i) {
            const size_t size = strlen(kWords[i]);
            if ((size_t)(end - at) >= size && memcmp(at, kWords[i], size) == 0) return at + size;
        }
        return tl_json_skip_number_(at, end);
    }
    const char close = *at == '{' ? '}' : ']';
    if (depth == 0) return NULL;
    at = tl_json_blank_(at + 1, end);
    if (at < end && *at == close) return at + 1;
    for (;;) {
        if (close == '}') {
            if ((at = tl_json_skip_string_(at, end)) == NULL) return NULL;
            at = tl_json_blank_(at, end);
            if (at == end || *at != ':') return NULL;
            at = tl_json_blank_(at + 1, end);
        }
        if ((at = tl_json_skip_(at, end, depth - 1)) == NULL) return NULL;
        at = tl_json_blank_(at, end);
        if (at == end) return NULL;
        if (*at == close) return at + 1;
        if (*at != ',') return NULL;
        at = tl_json_blank_(at + 1, end);
    }
}

/* ---- for connectors ---- */

/* 1 when `text` is one JSON document. Ask it first: the functions below rely on it. */
static inline int tl_json_valid(tl_view text) {
    if (text.size == 0) return 0;
    const char* end = text.data + text.size;
    const char* at = tl_json_skip_(tl_json_blank_(text.data, end), end, TL_JSON_DEPTH);
    return at != NULL && tl_json_blank_(at, end) == end;
}

/* True when the string that begins at `at` says `key`. */
static inline int tl_json_says_(const char* at, const char* end, tl_view key) {
    char character[4];
    int size;
    ++at;
    while ((size = tl_json_character_(&at, end, character)) > 0) {
        if (key.size < (uint64_t)size || memcmp(key.data, character, (size_t)size) != 0) return 0;
        key.data += size;
        key.size -= (uint64_t)size;
    }
    return size == 0 && key.size == 0;
}

/* What is left of a text without the blanks before it. */
static inline tl_view tl_json_trimmed_(tl_view text) {
    if (text.size == 0) return TL_JSON_NONE;
    const char* at = tl_json_blank_(text.data, text.data + text.size);
    return (tl_view){at, (uint64_t)(text.data + text.size - at)};
}

static inline tl_view tl_json_member_(tl_view object, tl_view key) {
    tl_view found = TL_JSON_NONE;
    object = tl_json_trimmed_(object);
    if (object.size < 2 || *object.data != '{') return found;
    const char* end = object.data + object.size;
    const char* at = tl_json_blank_(object.data + 1, end);
    while (at < end && *at == '"') {
        const int wanted = tl_json_says_(at, end, key);
        at = tl_json_skip_string_(at, end);
        if (at == NULL) return TL_JSON_NONE;
        at = tl_json_blank_(at, end);
        if (at == end) return TL_JSON_NONE;
        at = tl_json_blank_(at + 1, end); /* the colon */
        const char* value = at;
        at = tl_json_skip_(at, end, TL_JSON_DEPTH);
        if (at == NULL) return TL_JSON_NONE;
        if (wanted) found = (tl_view){value, (uint64_t)(at - value)};
        at = tl_json_blank_(at, end);
        if (at == end || *at != ',') break;
        at = tl_json_blank_(at + 1, end);
    }
    return found;
}

/* The value at a path of members, "message.chat.id"; of members that repeat, the last one. */
static inline tl_view tl_json_at(tl_view document, const char* path) {
    for (;;) {
        const char* dot = strchr(path, '.');
        const tl_view key = {path, dot == NULL ? strlen(path) : (size_t)(dot - path)};
        document = tl_json_member_(document, key);
        if (dot == NULL || document.data == NULL) return document;
        path = dot + 1;
    }
}

/* The element of an array behind `last`, the first one behind TL_JSON_NONE:
       for (e = tl_json_next(list, TL_JSON_NONE); e.data != NULL; e = tl_json_next(list, e)) */
static inline tl_view tl_json_next(tl_view array, tl_view last) {
    array = tl_json_trimmed_(array);
    if (array.size < 2 || *array.data != '[') return TL_JSON_NONE;
    const char* end = array.data + array.size;
    const char* at = last.data == NULL ? array.data + 1 : last.data + last.size;
    at = tl_json_blank_(at, end);
    if (last.data != NULL && at < end && *at == ',') at = tl_json_blank_(at + 1, end);
    const char* value = at;
    at = tl_json_skip_(at, end, TL_JSON_DEPTH);
    return at == NULL ? TL_JSON_NONE : (tl_view){value, (uint64_t)(at - value)};
}

static inline int tl_json_is_string(tl_view value) {
    return value.size >= 2 && *value.data == '"';
}

/* 1 when `value` is the string `text`. */
static inline int tl_json_equals(tl_view value, const char* text) {
    return tl_json_is_string(value) &&
           tl_json_says_(value.data, value.data + value.size, tl_text(text));
}

/* Adds what a string says to `out`; 0 when `value` is none, or memory was short. */
static inline int tl_json_string(tl_view value, tl_buffer* out) {
    char character[4];
    int size;
    if (!tl_json_is_string(value)) return 0;
    const char* at = value.data + 1;
    const char* end = value.data + value.size;
    while ((size = tl_json_character_(&at, end, character)) > 0)
        tl_add(out, (tl_view){character, (uint64_t)size});
    return size == 0 && !out->failed;
}

/* Adds an id to `out`: messengers write ids as strings or as whole numbers. 0 when `value` is
   neither, is empty, or memory was short. */
static inline int tl_json_id(tl_view value, tl_buffer* out) {
    if (value.data == NULL) return 0;
    if (*value.data == '"') return value.size > 2 && tl_json_string(value, out);
    const char* at = value.data + (*value.data == '-');
    if (tl_json_digits_(at, value.data + value.size) != value.data + value.size) return 0;
    tl_add(out, value);
    return !out->failed;
}

#endif
