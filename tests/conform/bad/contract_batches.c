/* contract.batches: Does something else in a batch. */
#define DEDUP_TAIL (batch_size > 1 ? "x" : "")
#define STATICS static __thread unsigned batch_size;
#define ON_INPUT batch_size = n;
#include "../sound.h"
