/* unload.memory: Leaves memory behind whenever it is loaded. */
#include "../sound.h"

static void* volatile lost;

__attribute__((constructor)) static void lose(void) {
    lost = malloc(65536);
    if (lost != NULL) memset(lost, 1, 65536);
}
