/* robustness.duplicate_keys: Crashes on a member that comes twice and is an object the second time. */
#define ON_INPUT                                                          \
    for (uint64_t k = 0, seen = 0; k + 7 < in->body.size; ++k) {          \
        if (memcmp(in->body.data + k, "\"id\":", 5) != 0) continue;        \
        if (memcmp(in->body.data + k + 5, "{}", 2) == 0 && seen > 0) abort(); \
        ++seen;                                                           \
    }
#include "../sound.h"
