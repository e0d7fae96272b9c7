/* upgrade.golden: Does something else than the version before. */
#define NOTE "new"
#include "../sound.h"
