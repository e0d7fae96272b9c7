/* manifest.features: Declares a feature that does not exist. */
#define MORE_FEATURES "\"stickers\":true,"
#include "../sound.h"
