/* contract.limit: Takes a refusal for its own bug. */
#define WEBHOOK_END(status) ((status) == TL_E_LIMIT ? TL_E_INTERNAL : (status))
#include "../sound.h"
