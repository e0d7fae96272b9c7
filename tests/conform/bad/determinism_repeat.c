/* determinism.repeat: Does something else after another instance has ended. */
#define MORE_MEMBERS_OF_INSTANCE int second;
#define STATICS static int ended;
#define ON_CREATE inst->second = ended && !inst->had_state;
#define ON_DESTROY ended = 1;
#define DEDUP_TAIL (inst->second ? "x" : "")
#include "../sound.h"
