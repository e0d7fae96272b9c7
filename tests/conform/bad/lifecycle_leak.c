/* lifecycle.leak: Leaves a block behind with each answered call. */
#define STATICS static void* volatile lost;
#define ON_ANSWER lost = malloc(64);
#include "../sound.h"
