/* lifecycle.twice: Breaks an instance that has not begun when another one ends. */
#define MORE_MEMBERS_OF_INSTANCE \
    int first;                   \
    unsigned long born;
#define STATICS static unsigned long lives, ends;
#define ON_CREATE              \
    inst->first = lives++ == 0; \
    inst->born = ends;
#define ON_DESTROY \
    --lives;       \
    ++ends;
#define ON_INPUT \
    if (!inst->used && inst->first && inst->born != ends) return TL_E_INTERNAL;
#include "../sound.h"
