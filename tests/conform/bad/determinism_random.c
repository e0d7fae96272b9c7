/* determinism.random: Makes a dedup key from random bytes. */
#define STATICS                                                                          \
    static int drawn(tl_instance* inst, const tl_input* in) {                            \
        unsigned char byte = 0;                                                          \
        const tl_random* random = inst->host->extension(inst->host->ctx, text(TL_EXT_RANDOM)); \
        if (random == NULL || random->fill(random->ctx, in->task, 0, &byte, 1) != TL_OK) return 0; \
        return (unsigned char)(byte - in->task * 131) != 0;                              \
    }
#define DEDUP_TAIL (drawn(inst, in) ? "x" : "")
#include "../sound.h"
