/* binary.hardened: Is linked without RELRO. The build file has the option. */
#include "../sound.h"
