/* binary.build_id: Is linked without a build id. The build file has the option. */
#include "../sound.h"
