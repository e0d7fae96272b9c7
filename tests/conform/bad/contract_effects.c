/* contract.effects: Asks for something that every host refuses, and goes on. */
#define BEFORE_ITEM (void)out->timer(out->ctx, in->task, 7, in->at_ms);
#include "../sound.h"
