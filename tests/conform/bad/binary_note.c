/* binary.note: Has another title in its note than in its table. */
#define TITLE_IN_NOTE "Another"
#include "../sound.h"
