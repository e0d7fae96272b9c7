#!/usr/bin/env bash
# What the how-to on signing says, done in a folder that holds my_messenger.so: made and checked by trunkctl and by openssl alone.
set -euo pipefail

# [key]
openssl genpkey -algorithm ed25519 -out signing.pem
chmod 600 signing.pem
# [key]

# [sign]
trunkctl plugins sign my_messenger.so --key signing.pem
# [sign]
cp my_messenger.so.sig signed-by-trunkctl

# [check]
key=$(sed -n 's/^key: //p' my_messenger.so.sig)
printf -- '-----BEGIN PUBLIC KEY-----\nMCowBQYDK2VwAyEA%s\n-----END PUBLIC KEY-----\n' "$key" > public.pem
printf 'trunkline connector v1\n%s\n' "$(sha256sum < my_messenger.so | cut -c1-64)" > message
sed -n 's/^signature: //p' my_messenger.so.sig | base64 -d > signature
openssl pkeyutl -verify -rawin -in message -sigfile signature -pubin -inkey public.pem
# [check]

# [make]
printf 'trunkline connector v1\n%s\n' "$(sha256sum < my_messenger.so | cut -c1-64)" > message
openssl pkeyutl -sign -rawin -in message -inkey signing.pem -out signature
key=$(openssl pkey -in signing.pem -pubout -outform DER | tail -c 32 | base64)
printf 'trunkline signature 1\nkey: %s\nsignature: %s\n' "$key" "$(base64 -w0 signature)" > my_messenger.so.sig
# [make]
cmp my_messenger.so.sig signed-by-trunkctl

# [verify]
trunkctl plugins verify my_messenger.so --key "$key"
# [verify]
