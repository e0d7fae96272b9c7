/* negotiation.unknown_extension: Has every extension, it says. */
#define EXTENSION(id) "something"
#include "../sound.h"
