/* negotiation.minor: Refuses every host that is newer than it. */
#define ACCEPTS(major, minor) ((major) == TL_ABI_MAJOR && (minor) == TL_ABI_MINOR)
#include "../sound.h"
