/* robustness.mutated: Crashes on a message that was cut short. */
#define ON_INPUT                                                                      \
    if (in->body.size > 8 && memcmp(in->body.data, "{\"chat\":", 8) == 0) {           \
        const char last = in->body.data[in->body.size - 1];                           \
        if ((last >= 'a' && last <= 'z') || last == '"') abort();                     \
    }
#include "../sound.h"
