/*
 * trunkline/ext/metrics.h - figures of a connector's own, shown with the host's.
 * The table is found by tl_host.extension("trunkline.metrics/1") and lives as long as the host.
 */
#ifndef TRUNKLINE_EXT_METRICS_H
#define TRUNKLINE_EXT_METRICS_H

#include <trunkline/abi.h>

#ifdef __cplusplus
extern "C" {
#endif

#define TL_EXT_METRICS "trunkline.metrics/1"
#define TL_METRICS_MAX 64u     /* names a connector may use */
#define TL_METRIC_NAME_MAX 48u /* bytes: lower case, digits and underscores, first a letter */

/* Sized. Both return TL_E_BAD_INPUT for another kind of name, TL_E_LIMIT for one name too many. A
   name is a counter or a gauge, decided by its first use; TL_E_BAD_STATE for the other. */
typedef struct tl_metrics {
    uint32_t size, reserved;
    void* ctx;

    /* Adds to a counter that never goes down. [any] */
    tl_status (*count)(void* ctx, tl_view name, uint64_t by) TL_NOEXCEPT;

    /* Sets a gauge. [any] */
    tl_status (*gauge)(void* ctx, tl_view name, int64_t value) TL_NOEXCEPT;
} tl_metrics;

#ifdef __cplusplus
}
#endif
#endif
