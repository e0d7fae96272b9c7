/* manifest.json: Has a manifest that is a list. */
#define MANIFEST "[]"
#include "../sound.h"
