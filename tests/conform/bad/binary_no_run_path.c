/* binary.no_run_path: Is linked with a run path. The build file has the option. */
#include "../sound.h"
