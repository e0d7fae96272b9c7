/* robustness.headers: Crashes on more headers than it has room for. */
#define ON_INPUT \
    if (in->pair_count > 1000) abort();
#include "../sound.h"
