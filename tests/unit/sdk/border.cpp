// Compiles the border as C++20 by itself.
#include "border.h"

#include <trunkline/abi.h>
#include <trunkline/ext/crypto.h>
#include <trunkline/ext/features.h>
#include <trunkline/ext/metrics.h>
#include <trunkline/ext/random.h>
#include <trunkline/note.h>

size_t border_sizes_in_cpp(size_t* out) {
    size_t count = 0;
    BORDER_SIZES(out[count++] =)
    return count;
}
