/* threads.moved: Is bound to the thread of its first input. */
#define STATICS static __thread int here;
#define ON_INPUT                                  \
    if (inst->used && !here) return TL_E_INTERNAL; \
    here = 1;
#include "../sound.h"
