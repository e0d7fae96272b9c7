#!/usr/bin/env bash
# The commands of the tutorial for C, as somebody types them on a machine where the SDK is installed. /srv/plugins is the
# folder that a host watches, which trusts the key in ~/signing.pem.
set -euo pipefail

# [new]
trunkctl plugins new my_messenger --language c
cd my_messenger
# [new]

# [build]
cmake -S . -B build
cmake --build build
ctest --test-dir build --output-on-failure
# [build]

# [sign]
trunkctl plugins sign build/plugins/my_messenger.so --key ~/signing.pem
# [sign]

# [drop]
cp build/plugins/my_messenger.so.sig /srv/plugins/
cp build/plugins/my_messenger.so /srv/plugins/.my_messenger.so
mv /srv/plugins/.my_messenger.so /srv/plugins/my_messenger.so
# [drop]
