/* lifecycle.good_config: Refuses a setting that it does not know. */
#define ON_CREATE                                                          \
    if (value_of(setup->settings_json, "conform_unknown_key").data != NULL) { \
        free(inst);                                                        \
        say(host, "an unknown setting");                                   \
        return TL_E_BAD_CONFIG;                                            \
    }
#include "../sound.h"
