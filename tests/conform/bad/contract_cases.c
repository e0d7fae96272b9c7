/* contract.cases: Has no golden cases; otherwise nothing is wrong with it. */
#include "../sound.h"
