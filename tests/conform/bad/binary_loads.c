/* binary.loads: Works while it is loaded. */
#include "../sound.h"

__attribute__((constructor)) static void work(void) {
    for (volatile unsigned long i = 0; i < 900000000ul; ++i) {
    }
}
