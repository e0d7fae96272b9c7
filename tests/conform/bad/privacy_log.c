/* privacy.log: Logs the token. */
#define ON_CREATE say(host, inst->token);
#include "../sound.h"
