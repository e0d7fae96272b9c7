/* cost.memory: Takes memory by the square of a text. */
#define BEFORE_ITEM                                                                  \
    {                                                                                \
        void* volatile square = malloc((size_t)(in->body.size * in->body.size >> 16) + 1); \
        free(square);                                                                \
    }
#include "../sound.h"
