/* robustness.nesting: Follows nested JSON with its own stack. */
#define STATICS                                                                \
    __attribute__((noinline)) static int depth(tl_view json, uint64_t at) {    \
        volatile char frame[64];                                               \
        while (at < json.size && json.data[at] != '[' && json.data[at] != '{') \
            ++at;                                                              \
        if (at >= json.size) return 0;                                         \
        frame[at % sizeof frame] = 1;                                          \
        return depth(json, at + 1) + frame[at % sizeof frame];                 \
    }
#define ON_INPUT \
    if (depth(in->body, 0) < 0) return TL_E_BAD_INPUT;
#include "../sound.h"
