/* binary.imports: Reads the environment. */
#define ON_CREATE \
    if (getenv("CONNECTOR_DEBUG") != NULL) say(host, "debug");
#include "../sound.h"
