#!/usr/bin/env bash
# Commands that the how-to on debugging names, for the folder that first_cpp.sh makes.
set -euo pipefail
cd my_messenger

# [gdb]
gdb --args build/my_messenger_test
# [gdb]

# [look]
readelf -n build/plugins/my_messenger.so
nm -D build/plugins/my_messenger.so
# [look]
