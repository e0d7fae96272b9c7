/* lifecycle.self_check: Fails its own check. */
#define SELF_CHECK TL_E_INTERNAL
#include "../sound.h"
