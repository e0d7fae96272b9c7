/* binary.one_export: Exports a second function. */
#include "../sound.h"

__attribute__((visibility("default"))) int helper(void);
int helper(void) {
    return 1;
}
