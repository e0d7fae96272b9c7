#include "host/trunkctl/whole_file.hpp"

#include <filesystem>
#include <fstream>
#include <iterator>
#include <system_error>

namespace trunkline::trunkctl {

namespace fs = std::filesystem;

Error at_file(const std::string& file, const std::string& text) {
    return Error{Fault::malformed, file + " " + text};
}

Result<std::string> read_whole(const std::string& file, std::uintmax_t bytes_max) {
    std::error_code error;
    const fs::file_status status = fs::status(file, error);
    if (error) return at_file(file, "cannot be read: " + error.message());
    if (status.type() != fs::file_type::regular) return at_file(file, "is not a regular file");
    if (fs::file_size(file, error) > bytes_max || error)
        return at_file(file, "is larger than " + std::to_string(bytes_max) + " bytes");
    std::ifstream in{file, std::ios::binary};
    std::string bytes{std::istreambuf_iterator<char>{in}, {}};
    if (!in || in.bad()) return at_file(file, "cannot be read");
    return bytes;
}

Result<void> replace_whole(const std::string& file, const std::string& text) {
    const std::string fresh = file + ".tmp";
    std::error_code error;
    {
        std::ofstream out{fresh, std::ios::binary | std::ios::trunc};
        out << text;
        out.close();
        if (!out) error = std::make_error_code(std::errc::io_error);
    }
    if (!error) fs::rename(fresh, file, error);
    if (!error) return {};
    std::error_code ignored;
    fs::remove(fresh, ignored);
    return at_file(file, "cannot be written: " + error.message());
}

}  // namespace trunkline::trunkctl
