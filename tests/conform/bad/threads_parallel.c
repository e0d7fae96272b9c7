/* threads.parallel: Keeps what it is doing in a static variable. */
#define STATICS static tl_instance* volatile at_work;
#define BEFORE_ITEM at_work = inst;
#define AFTER_ITEM \
    if (at_work != inst) status = TL_E_INTERNAL;
#include "../sound.h"
