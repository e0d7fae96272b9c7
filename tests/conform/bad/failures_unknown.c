/* failures.unknown: Tries again what may have happened. */
#define ON_ANSWER \
    if ((in->flags & TL_INPUT_UNKNOWN) != 0) return end_task(inst, out, in->task, TL_RETRY, 1000, all, "", "lost", "");
#include "../sound.h"
