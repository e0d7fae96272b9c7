/* unload.environment: Changes the environment. */
#include "../sound.h"

int setenv(const char*, const char*, int);

__attribute__((constructor)) static void tell(void) {
    setenv("CONNECTOR_WAS_HERE", "1", 1);
}
