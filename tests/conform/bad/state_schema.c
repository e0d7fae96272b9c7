/* state.schema: Reads the state of every schema as its own. */
#define TAKES_SCHEMA(schema) 1
#include "../sound.h"
