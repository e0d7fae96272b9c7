/* failures.one_outcome: Says nothing about a conflict. */
#define ON_ANSWER                     \
    if (in->status == 409) {          \
        close_task(inst, in->task);   \
        return TL_OK;                 \
    }
#include "../sound.h"
