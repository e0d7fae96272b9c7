/* negotiation.no_extensions: Uses an extension without looking whether there is one. */
#define BEFORE_ITEM                                                                    \
    {                                                                                  \
        const tl_crypto* crypto =                                                      \
            inst->host->extension(inst->host->ctx, text(TL_EXT_CRYPTO));               \
        (void)crypto->equal(chat, id);                                                 \
    }
#include "../sound.h"
