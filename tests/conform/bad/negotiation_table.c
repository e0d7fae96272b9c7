/* negotiation.table: Has a version that is none. */
#define VERSION "latest"
#include "../sound.h"
