/* determinism.clock: Makes a dedup key from the clock. */
#define DEDUP_TAIL (in->at_ms >= 1700003600000ll ? "x" : "")
#include "../sound.h"
