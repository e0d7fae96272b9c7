/* contract.views_end: Takes a text for one that is terminated. */
#define BEFORE_ITEM \
    if (((volatile const char*)in->body.data)[in->body.size] == 1) status = TL_E_BAD_INPUT;
#include "../sound.h"
