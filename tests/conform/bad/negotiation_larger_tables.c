/* negotiation.larger_tables: Takes only tables of the size it knows. */
#define ON_CREATE                         \
    if (host->size != sizeof(tl_host)) {  \
        free(inst);                       \
        say(host, "a strange host");      \
        return TL_E_BAD_CONFIG;           \
    }
#include "../sound.h"
