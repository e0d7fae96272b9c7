/* state.refeed: Does something else when it was made from what it saved. */
#define DEDUP_TAIL (inst->had_state ? "x" : "")
#include "../sound.h"
