/* unload.locale: Sets the locale for the whole process. */
#include <locale.h>

#include "../sound.h"

__attribute__((constructor)) static void speak(void) {
    setlocale(LC_ALL, "C.UTF-8");
}
