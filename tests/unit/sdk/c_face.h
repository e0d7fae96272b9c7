/* What c.h and c_json.h do, called from C++: they are C, and so is c_face.c. */
#ifndef TRUNKLINE_TESTS_C_FACE_H
#define TRUNKLINE_TESTS_C_FACE_H

#include <trunkline/abi.h>

#ifdef __cplusplus
extern "C" {
#endif

int c_json_valid(tl_view text);
tl_view c_json_at(tl_view document, const char* path);
tl_view c_json_next(tl_view array, tl_view last);
/* Writes at most `room` bytes; the size, or -1 when it is no string, or no id. */
int c_json_string(tl_view value, char* out, int room);
int c_json_id(tl_view value, char* out, int room);
int c_json_equals(tl_view value, const char* text);
int c_quoted(tl_view text, char* out, int room);
int c_equal_secrets(tl_view a, tl_view b);
/* `text` in several pieces through one growing buffer. */
int c_grown(tl_view piece, int times, char* out, int room);
/* The outcome of an answer; its code is copied to `code`, of 24 bytes. */
tl_outcome c_failure_of(const tl_input* reply, char* code);

#ifdef __cplusplus
}
#endif
#endif
