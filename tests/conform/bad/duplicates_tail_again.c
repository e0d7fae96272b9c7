/* duplicates.tail_again: Takes an answer that comes twice for its own bug. */
#define MORE_MEMBERS_OF_INSTANCE uint64_t ended;
#define ON_ANSWER inst->ended = in->task;
#define ON_UNKNOWN_TASK \
    if (inst->ended == in->task) return TL_E_INTERNAL;
#include "../sound.h"
