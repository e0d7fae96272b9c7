/* privacy.state: Saves the token. */
#define TAKES_STATE(state) ((state).size > 0 ? TL_OK : TL_E_BAD_STATE)
#define STATE(inst) ((inst)->token)
#include "../sound.h"
