/* unload.file_mask: Changes the mask for new files. */
#include <sys/stat.h>

#include "../sound.h"

__attribute__((constructor)) static void hide(void) {
    umask(027);
}
