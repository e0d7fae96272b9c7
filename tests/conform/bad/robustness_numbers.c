/* robustness.numbers: Crashes on a number that is longer than its buffer. */
#define ON_INPUT                                                                   \
    for (uint64_t k = 0, run = 0; k < in->body.size; ++k) {                        \
        run = in->body.data[k] >= '0' && in->body.data[k] <= '9' ? run + 1 : 0;    \
        if (run == 1000) abort();                                                  \
    }
#include "../sound.h"
