/* duplicates.redelivered: Makes a dedup key from the host's task. */
#define DEDUP_TAIL (in->task >= 2000000 ? "x" : "")
#include "../sound.h"
