// libFuzzer entry: any bytes as an update, a command and an answer. Seeds:
// plugins/telegram/testdata/updates.
#include <cstddef>
#include <cstdint>

#include "update_check.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    trunkline::telegram::check_all({reinterpret_cast<const char*>(data), size});
    return 0;
}
