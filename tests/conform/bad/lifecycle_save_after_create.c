/* lifecycle.save_after_create: Saves something before its first input that it does not read afterwards. */
#define STATE(inst) ((inst)->used ? "warm" : "cold")
#include "../sound.h"
