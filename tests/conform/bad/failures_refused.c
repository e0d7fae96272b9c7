/* failures.refused: Takes 404 for success. */
#define ON_ANSWER \
    if (in->status == 404) return end_task(inst, out, in->task, TL_DONE, -1, all, "[]", "", "");
#include "../sound.h"
