/* duplicates.begun_anew: Ignores the starting input of a task that is open. */
#define ON_INPUT \
    if (in->kind == TL_IN_COMMAND && find_task(inst, in->task) != NULL) return TL_OK;
#include "../sound.h"
