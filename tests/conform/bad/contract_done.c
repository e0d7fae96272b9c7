/* contract.done: Forgets in a batch how far it came when an input is of an unknown kind. */
#define ON_FAILURE(status) \
    if ((status) == TL_E_UNSUPPORTED) *done = 0;
#include "../sound.h"
