/* robustness.duplicate_keys: Crashes on a member that an object has twice and is an object the
 * second time. */
#define ON_INPUT                                                                 \
    for (uint64_t k = 0, seen = 0; k + 7 < in->body.size; ++k) {                 \
        const char* at = in->body.data + k;                                      \
        if (*at == '}' && k > 0 && at[-1] != '{') seen = 0; /* another object */ \
        if (*at != '"' || memcmp(at, "\"id\":", 5) != 0) continue;               \
        if (memcmp(at + 5, "{}", 2) == 0 && seen > 0) abort();                   \
        ++seen;                                                                  \
    }
#include "../sound.h"
