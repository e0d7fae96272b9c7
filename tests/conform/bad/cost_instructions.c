/* cost.instructions: Compares each part of a text with each other one. */
#define BEFORE_ITEM                                                                  \
    if (in->kind == TL_IN_WEBHOOK && in->body.size < 16384)                          \
        for (volatile uint64_t k = 0; k < in->body.size * in->body.size / 64; ++k) { \
        }
#include "../sound.h"
