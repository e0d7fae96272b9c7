/* state.lost: Does something else when it is fed again without what it saved. */
#define CALL_PATH(path) \
    ((in->flags & TL_INPUT_REPLAYED) != 0 && !inst->had_state ? "/elsewhere" : (path))
#include "../sound.h"
