/* determinism.order: Answers for the task that began last instead of the one that was answered. */
#define MORE_MEMBERS_OF_INSTANCE uint64_t latest;
#define ON_INPUT \
    if (in->kind == TL_IN_COMMAND) inst->latest = in->task;
#define ON_ANSWER                                          \
    if (kind == TL_IN_COMMAND && inst->latest != in->task) \
        return end_task(inst, out, in->task, TL_REJECTED, -1, all, "", "mixed_up", "Mixed up.");
#include "../sound.h"
