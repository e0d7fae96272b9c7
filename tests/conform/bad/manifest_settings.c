/* manifest.settings: Declares a setting of a type that does not exist. */
#define SETTING_TYPE "address"
#include "../sound.h"
