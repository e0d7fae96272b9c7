/* contract.views_kept: Looks at an input after it was given back. */
#define MORE_MEMBERS_OF_INSTANCE const volatile char* kept;
#define ON_INPUT                                             \
    if (inst->kept != NULL && *inst->kept == 1) inst->used = 2; \
    inst->kept = in->body.size > 0 && in->body.size < 4096 ? in->body.data : NULL;
#include "../sound.h"
