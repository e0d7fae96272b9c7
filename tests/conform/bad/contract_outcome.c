/* contract.outcome: Ends a task twice. */
#define ON_ANSWER                                                                            \
    if (in->status == 400) {                                                                 \
        const tl_status first = end_task(                                                    \
            inst, out, in->task, TL_REJECTED, -1, all, "", "refused", "It was refused."      \
        );                                                                                   \
        if (first != TL_OK) return first;                                                    \
        (void)end_task(inst, out, in->task, TL_RETRY, 1000, all, "", "again", "Once more."); \
        return TL_OK;                                                                        \
    }
#include "../sound.h"
