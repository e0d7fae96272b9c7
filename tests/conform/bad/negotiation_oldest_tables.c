/* negotiation.oldest_tables: Reads a member behind the host's table without asking for its size. */
#define ON_CREATE inst->had_state |= ((volatile const int*)(host + 1))[0] == 12345678 ? 2 : 0;
#include "../sound.h"
