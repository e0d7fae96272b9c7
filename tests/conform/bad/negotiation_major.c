/* negotiation.major: Works with hosts of every major, it says. */
#define ACCEPTS(major, minor) 1
#include "../sound.h"
