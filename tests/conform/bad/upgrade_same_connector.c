/* upgrade.same_connector: Is compared with another connector. */
#include "../sound.h"
