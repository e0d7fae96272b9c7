/* unload.descriptors: Leaves a file open. */
#include <fcntl.h>

#include "../sound.h"

__attribute__((constructor)) static void open_something(void) {
    (void)open("/dev/null", O_RDONLY);
}
