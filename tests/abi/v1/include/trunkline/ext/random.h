/*
 * trunkline/ext/random.h - random bytes that stay the same when a task is fed again.
 * The table is found by tl_host.extension("trunkline.random/1"), belongs to one instance and lives
 * as long as it.
 */
#ifndef TRUNKLINE_EXT_RANDOM_H
#define TRUNKLINE_EXT_RANDOM_H

#include <trunkline/abi.h>

#ifdef __cplusplus
extern "C" {
#endif

#define TL_EXT_RANDOM "trunkline.random/1"
#define TL_RANDOM_MAX 1024u /* bytes in one call */

/* Sized. */
typedef struct tl_random {
    uint32_t size, reserved;
    void* ctx;

    /* Fills `out` with bytes nobody can guess. They depend on the task's own seed and on `index`
       alone: the same index gives the same bytes in a task that is rebuilt, another one others.
       Only inside handle, for a task of that call. TL_E_BAD_STATE otherwise; TL_E_LIMIT beyond
       TL_RANDOM_MAX. [serving] */
    tl_status (*fill
    )(void* ctx, uint64_t task, uint32_t index, unsigned char* out, uint32_t out_size) TL_NOEXCEPT;
} tl_random;

#ifdef __cplusplus
}
#endif
#endif
