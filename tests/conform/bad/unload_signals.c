/* unload.signals: Ignores a signal for the whole process. */
#include <signal.h>

#include "../sound.h"

__attribute__((constructor)) static void ignore(void) {
    signal(SIGUSR2, SIG_IGN);
}
