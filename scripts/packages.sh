# Installs what is missing, and says nothing when nothing is. Sourced by the other scripts.
# Usage: need_packages build [preset] | test | sdk | bench

packages_build="g++ cmake ninja-build ccache mold git ca-certificates
  libboost1.81-dev libboost-filesystem1.81-dev libboost-json1.81-dev libssl-dev libyaml-cpp-dev libprotobuf-dev
  protobuf-compiler libspdlog-dev libgtest-dev libgmock-dev librocksdb-dev libcurl4-openssl-dev libsqlite3-dev binutils"
packages_sdk="debootstrap dpkg-dev" # scripts/try-sdk: a package, and a machine to try it on
packages_bench="nginx-light redis-server rabbitmq-server librabbitmq-dev" # what the host is measured beside
packages_clang="clang-16 libclang-rt-16-dev llvm-16" # llvm-16: names of functions in what sanitizers tell
packages_test="curl openssl chromium procps clang-format $packages_sdk $packages_clang" # Clang for the sanitizers

need_packages() {
  local wanted missing=() package
  case "$1" in
    build) wanted=$packages_build ;;
    test) wanted="$packages_build $packages_test" ;;
    sdk) wanted="$packages_build $packages_sdk" ;;
    bench) wanted="$packages_build $packages_bench" ;;
  esac
  case "${2:-}" in
    dev-clang | asan | tsan | fuzz) wanted="$wanted $packages_clang" ;;
    tidy) wanted="$wanted $packages_clang clang-tidy-16" ;;
  esac
  for package in $wanted; do
    dpkg-query -W -f '${Status}' "$package" 2>/dev/null | grep -q 'ok installed' || missing+=("$package")
  done
  # Node may come from elsewhere than Debian.
  command -v node >/dev/null || missing+=(nodejs)
  command -v npm >/dev/null || missing+=(npm)
  [ ${#missing[@]} -eq 0 ] && return 0
  echo "installing: ${missing[*]}"
  local as_root=()
  [ "$(id -u)" -eq 0 ] || as_root=(sudo)
  "${as_root[@]}" env DEBIAN_FRONTEND=noninteractive sh -c "
    apt-get update -qq &&
    apt-get install -y -qq --no-install-recommends ${missing[*]} >/dev/null"
}
