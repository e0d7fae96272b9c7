/* privacy.store: Stores the token like any other value. */
#define ON_ANSWER \
    if (in->status == 404) (void)out->put(out->ctx, in->task, TL_ACCOUNT, text("t"), text(inst->token), 0, 0);
#include "../sound.h"
