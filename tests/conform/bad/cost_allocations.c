/* cost.allocations: Allocates for each character of nothing. */
#define BEFORE_ITEM                                  \
    for (int k = 0; k < 3000; ++k) {                  \
        void* volatile piece = malloc(24 + (size_t)k % 7); \
        free(piece);                                 \
    }
#include "../sound.h"
