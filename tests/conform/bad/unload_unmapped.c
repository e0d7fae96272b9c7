/* unload.unmapped: Asks to stay mapped. The build file has the option. */
#include "../sound.h"
