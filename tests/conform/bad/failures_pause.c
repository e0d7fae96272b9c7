/* failures.pause: Tries again at once. */
#define ON_ANSWER \
    if (in->status == 502) return end_task(inst, out, in->task, TL_RETRY, 0, all, "", "trouble", "");
#include "../sound.h"
