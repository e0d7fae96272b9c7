/* privacy.outcomes: Tells people the token. */
#define ON_ANSWER \
    if (in->status == 404) return end_task(inst, out, in->task, TL_REJECTED, -1, all, "", "refused", inst->token);
#include "../sound.h"
