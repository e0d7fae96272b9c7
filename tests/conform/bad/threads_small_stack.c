/* threads.small_stack: Needs a large stack. */
#define BEFORE_ITEM                       \
    {                                     \
        volatile char large[160u << 10];  \
        memset((char*)large, 0, sizeof large); \
        if (large[in->task % sizeof large] != 0) status = TL_E_INTERNAL; \
    }
#include "../sound.h"
