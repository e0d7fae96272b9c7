/* threads.small_stack: Needs a large stack. */
#define BEFORE_ITEM                                     \
    {                                                   \
        volatile char large[160u << 10];                \
        for (size_t k = 0; k < sizeof large; k += 1024) \
            large[k] = 0;                               \
        if (large[0] != 0) status = TL_E_INTERNAL;      \
    }
#include "../sound.h"
