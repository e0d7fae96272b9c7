/* determinism.fresh_process: Does something else in a process that was started otherwise. */
#define STATICS static int otherwise;
#define DEDUP_TAIL (otherwise ? "x" : "")
#include "../sound.h"

/* The loader hands the program's arguments to a constructor. */
__attribute__((constructor)) static void look(int count, char** words) {
    for (int i = 1; i < count; ++i)
        if (strcmp(words[i], "--transcripts") == 0) otherwise = 1;
}
