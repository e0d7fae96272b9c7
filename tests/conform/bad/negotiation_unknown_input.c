/* negotiation.unknown_input: Takes inputs of a kind that it cannot know. */
#define ON_INPUT \
    if (in->kind == 63) return TL_OK;
#include "../sound.h"
