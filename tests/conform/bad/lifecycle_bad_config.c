/* lifecycle.bad_config: Refuses settings without a word. */
#define ON_BAD_CONFIG (void)host
#include "../sound.h"
