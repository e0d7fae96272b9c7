/* binary.size: Maps a table of nine mebibytes. */
#include "../sound.h"

/* What is not zero has to be in the file. */
__attribute__((used)) static const char large[9u << 20] = {1};
