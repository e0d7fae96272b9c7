/* duplicates.keyed: Reports messages without a dedup key. */
#define BEFORE_ITEM item.dedup.size = 0;
#include "../sound.h"
