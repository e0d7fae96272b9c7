#include "host/store_key.hpp"

#include <cerrno>
#include <cstring>
#include <filesystem>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "host/base/base64.hpp"
#include "host/seal/crypto.hpp"

namespace trunkline {
namespace {

constexpr std::size_t kKeyBytes = 32;

Result<Secret> make(const std::string& path) {
    const std::filesystem::path folder = std::filesystem::path{path}.parent_path();
    std::error_code ignored;  // opening the file reports what matters
    if (!folder.empty()) std::filesystem::create_directories(folder, ignored);
    const int descriptor = ::open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    if (descriptor < 0)
        return Error{
            Fault::storage, "store key " + path + " cannot be made: " + std::strerror(errno)};
    std::string key = seal::random_bytes(kKeyBytes);
    const std::string line = base64url_encode(key) + "\n";
    const bool written =
        ::write(descriptor, line.data(), line.size()) == static_cast<ssize_t>(line.size()) &&
        ::fsync(descriptor) == 0;
    ::close(descriptor);
    if (!written) return Error{Fault::storage, "store key " + path + " cannot be written"};
    return Secret{key};
}

}  // namespace

Result<Secret> load_store_key(const std::string& path) {
    const int descriptor = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
    if (descriptor < 0 && errno == ENOENT) return make(path);
    if (descriptor < 0)
        return Error{
            Fault::storage, "store key " + path + " cannot be read: " + std::strerror(errno)};
    struct stat status {};
    std::string text(256, '\0');
    const bool known = ::fstat(descriptor, &status) == 0;
    const ssize_t got = ::read(descriptor, text.data(), text.size());
    ::close(descriptor);
    if (!known || got < 0) return Error{Fault::storage, "store key " + path + " cannot be read"};
    if ((status.st_mode & (S_IRWXG | S_IRWXO)) != 0)
        return Error{Fault::storage, "store key " + path + " is open to others; chmod 600 it"};
    text.resize(static_cast<std::size_t>(got));
    while (text.ends_with('\n'))
        text.pop_back();
    std::string key;
    if (!base64url_decode(text, key) || key.size() != kKeyBytes)
        return Error{Fault::storage, "store key " + path + " is not 32 bytes in base64url"};
    return Secret{key};
}

}  // namespace trunkline
