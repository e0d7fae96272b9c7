/* failures.scope: Lets a conversation wait in a task that has none. */
#define ON_ANSWER                                         \
    if (kind == TL_IN_POLL && in->status == 504)          \
        return end_task(inst, out, in->task, TL_RETRY, 2000, TL_CONVERSATION, "", "trouble", "");
#include "../sound.h"
