/* privacy.keys: Makes a dedup key from the token. */
#define DEDUP_TAIL inst->token
#include "../sound.h"
