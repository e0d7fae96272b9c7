// Fuzz entry: any bytes as a configuration. Seeds: tests/fuzz/config/corpus.
#include <cstddef>
#include <cstdint>

#include "config_check.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    trunkline::config::check_bytes({reinterpret_cast<const char*>(data), size});
    return 0;
}
