/* contract.cancel: Does not know a task that it may forget. */
#define CANCEL_OF_NONE TL_E_BAD_STATE
#include "../sound.h"
