/* manifest.values: Writes a duration in words. */
#define POLL_EVERY "soon"
#include "../sound.h"
