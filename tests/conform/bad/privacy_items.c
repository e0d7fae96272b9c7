/* privacy.items: Puts the token into the note of a conversation. */
#define NOTE inst->token
#include "../sound.h"
