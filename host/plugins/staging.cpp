#include "host/plugins/staging.hpp"

#include <array>
#include <cerrno>
#include <filesystem>
#include <system_error>

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "host/base/clock.hpp"
#include "host/base/ulid.hpp"
#include "host/process/descriptor.hpp"

namespace trunkline::plugins {
namespace {

std::string reason(int code) {
    return std::error_code{code, std::generic_category()}.message();
}

Error storage(const std::string& what, int code) {
    return Error{Fault::storage, what + ": " + reason(code)};
}

Result<void> write_all(int to, const char* data, std::size_t size) {
    while (size > 0) {
        const ssize_t written = ::write(to, data, size);
        if (written < 0 && errno == EINTR) continue;
        if (written < 0) return storage("writing the staged copy", errno);
        data += written;
        size -= static_cast<std::size_t>(written);
    }
    return {};
}

Result<void> copy_bytes(int from, int to, std::uint64_t bytes_max) {
    std::array<char, 64U << 10U> buffer;
    std::uint64_t total = 0;
    for (;;) {
        const ssize_t got = ::read(from, buffer.data(), buffer.size());
        if (got < 0 && errno == EINTR) continue;
        if (got < 0) return storage("reading the file", errno);
        if (got == 0) return {};
        total += static_cast<std::uint64_t>(got);
        // Counted while copying: the size that stat told may be out of date.
        if (total > bytes_max)
            return Error{Fault::malformed, "larger than " + std::to_string(bytes_max) + " bytes"};
        auto written = write_all(to, buffer.data(), static_cast<std::size_t>(got));
        if (!written) return written;
    }
}

}  // namespace

Result<Staging> Staging::open(std::string folder) {
    std::error_code error;
    std::filesystem::create_directories(folder, error);
    if (error) return Error{Fault::storage, "making " + folder + ": " + error.message()};
    if (::chmod(folder.c_str(), 0700) != 0) return storage("protecting " + folder, errno);
    std::vector<std::filesystem::path> leftovers;
    for (const auto& entry : std::filesystem::directory_iterator{folder, error}) {
        if (entry.path().extension() == ".so") leftovers.push_back(entry.path());
    }
    if (error) return Error{Fault::storage, "listing " + folder + ": " + error.message()};
    for (const auto& path : leftovers)
        std::filesystem::remove(path, error);
    return Staging{
        std::filesystem::absolute(folder).string(), make_ulid(SystemClock{}.wall_ms()).text()};
}

Result<std::string> Staging::copy(
    const std::string& file,
    const std::string& id,
    std::uint64_t generation,
    std::uint64_t bytes_max
) const {
    // Non-blocking, so that a pipe in the folder cannot hold the host up.
    const process::Descriptor from{::open(file.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK)};
    if (from.get() < 0) return Error{Fault::not_found, "cannot be read: " + reason(errno)};
    struct stat facts {};
    if (::fstat(from.get(), &facts) != 0) return storage("asking for the size", errno);
    if (!S_ISREG(facts.st_mode)) return Error{Fault::malformed, "not a regular file"};

    const std::string path =
        folder_ + "/" + id + "." + start_ + "." + std::to_string(generation) + ".so";
    const process::Descriptor to{
        ::open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0500)};
    if (to.get() < 0) return storage("staging " + path, errno);
    auto copied = copy_bytes(from.get(), to.get(), bytes_max);
    if (!copied) {
        ::unlink(path.c_str());
        return copied.error();
    }
    return path;
}

Result<MappedFile> MappedFile::open(const std::string& path) {
    const process::Descriptor file{::open(path.c_str(), O_RDONLY | O_CLOEXEC)};
    if (file.get() < 0) return storage("opening " + path, errno);
    struct stat facts {};
    if (::fstat(file.get(), &facts) != 0) return storage("asking for the size of " + path, errno);
    const auto size = static_cast<std::size_t>(facts.st_size);
    if (size == 0) return MappedFile{nullptr, 0};
    void* data = ::mmap(nullptr, size, PROT_READ, MAP_PRIVATE, file.get(), 0);
    if (data == MAP_FAILED) return storage("mapping " + path, errno);
    return MappedFile{static_cast<const std::uint8_t*>(data), size};
}

MappedFile::MappedFile(MappedFile&& other) noexcept
    : data_{std::exchange(other.data_, nullptr)}, size_{other.size_} {}

MappedFile::~MappedFile() {
    if (data_ != nullptr) ::munmap(const_cast<std::uint8_t*>(data_), size_);
}

}  // namespace trunkline::plugins
