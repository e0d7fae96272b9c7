/* Sizes and offsets of the border, taken by both languages. */
#ifndef TRUNKLINE_TESTS_BORDER_H
#define TRUNKLINE_TESTS_BORDER_H

#include <stddef.h>

#define BORDER_SIZES(TAKE)              \
    TAKE sizeof(tl_view);               \
    TAKE sizeof(tl_pair);               \
    TAKE sizeof(tl_input);              \
    TAKE sizeof(tl_part);               \
    TAKE sizeof(tl_http);               \
    TAKE sizeof(tl_item);               \
    TAKE sizeof(tl_answer);             \
    TAKE sizeof(tl_outcome);            \
    TAKE sizeof(tl_effects);            \
    TAKE sizeof(tl_host);               \
    TAKE sizeof(tl_setup);              \
    TAKE sizeof(tl_plugin);             \
    TAKE sizeof(tl_note);               \
    TAKE sizeof(tl_features);           \
    TAKE offsetof(tl_input, reserved);  \
    TAKE offsetof(tl_http, bucket);     \
    TAKE offsetof(tl_effects, outcome); \
    TAKE offsetof(tl_plugin, extension);

#ifdef __cplusplus
extern "C"
#endif
    size_t
    border_sizes_in_c(size_t* out);

#ifdef __cplusplus
size_t border_sizes_in_cpp(size_t* out);
#endif
#endif
