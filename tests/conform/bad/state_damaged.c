/* state.damaged: Takes a damaged state for its own bug. */
#define TAKES_STATE(state) (is(state, "warm") ? TL_OK : TL_E_INTERNAL)
#include "../sound.h"
