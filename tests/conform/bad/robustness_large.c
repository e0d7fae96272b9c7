/* robustness.large: Crashes on a mebibyte of blanks. */
#define ON_INPUT \
    if (in->body.size > 500000 && in->body.data[0] == ' ') abort();
#include "../sound.h"
