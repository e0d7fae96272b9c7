/*
 * trunkline/ext/features.h - what the messenger can carry, when that depends on the account.
 * The table is found by tl_plugin.extension("trunkline.features/1") and lives as long as the
 * library. A connector without it has the features of its manifest in every account.
 *
 * Hosts of version 0.1 do not ask for it: they say so in their log when they load the connector,
 * and degrade by the manifest. The manifest should therefore say what every account can carry.
 */
#ifndef TRUNKLINE_EXT_FEATURES_H
#define TRUNKLINE_EXT_FEATURES_H

#include <trunkline/abi.h>

#ifdef __cplusplus
extern "C" {
#endif

#define TL_EXT_FEATURES "trunkline.features/1"
#define TL_FEATURES_MAX 65536u /* bytes of JSON */

/* Sized. */
typedef struct tl_features {
    uint32_t size, reserved;

    /* Hands this account's features to `sink`, once: an object of the form of the manifest's
       `features` (features.md), which it replaces as a whole; at most TL_FEATURES_MAX bytes. It
       may depend on the setup alone. TL_E_UNSUPPORTED: as the manifest says. Asked after create
       and before the first input. [control, quiesced] */
    tl_status (*features
    )(tl_instance*, void* ctx, void (*sink)(void* ctx, tl_view json)) TL_NOEXCEPT;
} tl_features;

#ifdef __cplusplus
}
#endif
#endif
