#include "portal/wire/disk_bytes.hpp"

#include <algorithm>
#include <cerrno>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

namespace trunkline::portal::wire {

namespace {

constexpr std::uint64_t kPieceBytes = 64 * 1024;

}  // namespace

std::shared_ptr<const DiskBytes> DiskBytes::open(const std::string& path) {
    const int descriptor = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
    if (descriptor < 0) return nullptr;
    struct stat status {};
    if (::fstat(descriptor, &status) != 0 || !S_ISREG(status.st_mode)) {
        ::close(descriptor);
        return nullptr;
    }
    return std::shared_ptr<const DiskBytes>{
        new DiskBytes{descriptor, static_cast<std::uint64_t>(status.st_size)}};
}

DiskBytes::~DiskBytes() {
    ::close(descriptor_);
}

bool DiskBytes::read(std::uint64_t from, std::string& out) const {
    out.resize(static_cast<std::size_t>(std::min(kPieceBytes, size_ - std::min(from, size_))));
    if (out.empty()) return true;
    ssize_t got = -1;
    do {
        got = ::pread(descriptor_, out.data(), out.size(), static_cast<off_t>(from));
    } while (got < 0 && errno == EINTR);
    if (got <= 0) return false;  // shorter than it was
    out.resize(static_cast<std::size_t>(got));
    return true;
}

}  // namespace trunkline::portal::wire
