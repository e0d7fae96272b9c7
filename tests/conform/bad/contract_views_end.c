/* contract.views_end: Takes a text for one that is terminated. */
#define BEFORE_ITEM (void)((volatile const char*)in->body.data)[in->body.size];
#include "../sound.h"
