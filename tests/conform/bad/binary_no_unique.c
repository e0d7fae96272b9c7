/* binary.no_unique: Defines a unique symbol, as the template statics of some libraries do. */
#include "../sound.h"

__asm__(".data\n.globl shared_by_all\n.type shared_by_all, @gnu_unique_object\n"
        ".size shared_by_all, 8\nshared_by_all: .quad 1\n.text\n");
