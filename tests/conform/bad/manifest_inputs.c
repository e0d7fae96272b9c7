/* manifest.inputs: Declares check_every and does not handle the check. */
#define ON_INPUT \
    if (in->kind == TL_IN_CHECK) return TL_E_UNSUPPORTED;
#include "../sound.h"
