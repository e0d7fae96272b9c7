/* failures.throttled: Does not read Retry-After. */
#define ON_ANSWER \
    if (in->status == 429) return end_task(inst, out, in->task, TL_RETRY, 1000, all, "", "busy", "");
#include "../sound.h"
