/* lifecycle.destroy_unused: Forgets the memory of an instance that was never used. */
#define ON_DESTROY \
    if (!inst->used) return;
#include "../sound.h"
