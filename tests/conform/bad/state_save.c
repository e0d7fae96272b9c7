/* state.save: Saves in two pieces. */
#define ON_SAVE sink(ctx, text("first"));
#include "../sound.h"
