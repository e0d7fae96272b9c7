#include "c_face.h"

#include <trunkline/c_json.h>

static int taken(tl_buffer* text, int good, char* out, int room) {
    int size = good && text->size <= (size_t)room ? (int)text->size : -1;
    if (size > 0) memcpy(out, text->data, (size_t)size);
    tl_buffer_free(text);
    return size;
}

int c_json_valid(tl_view text) {
    return tl_json_valid(text);
}
tl_view c_json_at(tl_view document, const char* path) {
    return tl_json_at(document, path);
}
tl_view c_json_next(tl_view array, tl_view last) {
    return tl_json_next(array, last);
}
int c_json_string(tl_view value, char* out, int room) {
    tl_buffer text = {0};
    const int good = tl_json_string(value, &text);
    return taken(&text, good, out, room);
}
int c_json_id(tl_view value, char* out, int room) {
    tl_buffer text = {0};
    const int good = tl_json_id(value, &text);
    return taken(&text, good, out, room);
}
int c_json_equals(tl_view value, const char* text) {
    return tl_json_equals(value, text);
}
int c_quoted(tl_view text, char* out, int room) {
    tl_buffer quoted = {0};
    tl_add_quoted(&quoted, text);
    return taken(&quoted, !quoted.failed, out, room);
}
int c_equal_secrets(tl_view a, tl_view b) {
    return tl_equal_secrets(a, b);
}
int c_grown(tl_view piece, int times, char* out, int room) {
    tl_buffer text = {0};
    while (times-- > 0)
        tl_add(&text, piece);
    return taken(&text, !text.failed, out, room);
}
tl_outcome c_failure_of(const tl_input* reply, char* code) {
    return tl_failure_of(reply, TL_CONNECTOR, code);
}
