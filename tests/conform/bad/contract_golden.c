/* contract.golden: Does something else than its golden cases say. */
#define NOTE "something"
#include "../sound.h"
