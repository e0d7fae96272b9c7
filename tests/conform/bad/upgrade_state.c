/* upgrade.state: Cannot read what the version before it saved, and says so in the wrong way. */
#define STATE(inst) "hot"
#define TAKES_STATE(state) \
    (is(state, "hot") ? TL_OK : is(state, "warm") ? TL_E_INTERNAL : TL_E_BAD_STATE)
#include "../sound.h"
