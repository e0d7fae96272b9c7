/* binary.needed: Needs a library beyond the runtime. The build file has the option. */
#include "../sound.h"
