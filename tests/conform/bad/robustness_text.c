/* robustness.text: Crashes on bytes that are no UTF-8. */
#define ON_INPUT                                                  \
    for (uint64_t k = 0; k + 1 < in->body.size; ++k)              \
        if (memcmp(in->body.data + k, "\xC0\x80", 2) == 0) abort();
#include "../sound.h"
