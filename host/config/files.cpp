#include "host/config/files.hpp"

#include <fstream>

#include <sys/stat.h>

namespace trunkline::config {

std::optional<std::string> first_line_of(const std::string& file) {
    constexpr off_t kBytesMax = 64 << 10;
    struct stat status {};
    // A device or a pipe may have no end, or no line at all.
    if (stat(file.c_str(), &status) != 0 || !S_ISREG(status.st_mode) || status.st_size > kBytesMax)
        return std::nullopt;
    std::ifstream in{file};
    std::string line;
    if (!in || !std::getline(in, line) || line.empty()) return std::nullopt;
    return line;
}

}  // namespace trunkline::config
