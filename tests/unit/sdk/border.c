/* Compiles the border as C11 -pedantic, and gives the C++ test something to compare with. */
#include "border.h"

#include <trunkline/abi.h>
#include <trunkline/ext/crypto.h>
#include <trunkline/ext/features.h>
#include <trunkline/ext/metrics.h>
#include <trunkline/ext/random.h>
#include <trunkline/note.h>

size_t border_sizes_in_c(size_t* out) {
    size_t count = 0;
    BORDER_SIZES(out[count++] =)
    return count;
}
