/* failures.credentials: Tries again with a token that was refused. */
#define ON_ANSWER \
    if (in->status == 401) return end_task(inst, out, in->task, TL_RETRY, 5000, all, "", "token", "");
#include "../sound.h"
