/* contract.batches: Does something else in a batch of two. */
#define DEDUP_TAIL (batch_size == 2 ? "x" : "")
#define STATICS static __thread unsigned batch_size;
#define ON_INPUT batch_size = n;
#include "../sound.h"
