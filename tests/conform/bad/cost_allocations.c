/* cost.allocations: Allocates for each character of nothing. Of short messages only, because the
 * kit steps through the others. */
#define BEFORE_ITEM                                         \
    for (int k = 0; k < 3000 && in->body.size < 200; ++k) { \
        void* volatile piece = malloc(24 + (size_t)k % 7);  \
        free(piece);                                        \
    }
#include "../sound.h"
