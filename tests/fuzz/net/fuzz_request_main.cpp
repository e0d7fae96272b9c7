#include <cstddef>
#include <cstdint>

#include "fuzz_request.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    trunkline::net::fuzz_request({reinterpret_cast<const char*>(data), size});
    return 0;
}
