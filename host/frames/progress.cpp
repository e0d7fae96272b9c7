#include "host/frames/progress.hpp"

#include <cerrno>
#include <string>
#include <system_error>
#include <utility>

#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

namespace trunkline::frames {
namespace {

Error failed(const char* what) {
    return Error{
        Fault::unavailable,
        std::string{what} + ": " + std::error_code{errno, std::generic_category()}.message()};
}

Progress* map_page(int fd) {
    void* data = ::mmap(nullptr, sizeof(Progress), PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    return data == MAP_FAILED ? nullptr : static_cast<Progress*>(data);
}

}  // namespace

Result<ProgressPage> ProgressPage::make() {
    const int fd = ::memfd_create("trunkline-progress", MFD_CLOEXEC | MFD_ALLOW_SEALING);
    if (fd < 0) return failed("making the progress page");
    if (::ftruncate(fd, sizeof(Progress)) != 0 ||
        ::fcntl(fd, F_ADD_SEALS, F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_SEAL) != 0) {
        auto error = failed("making the progress page");
        ::close(fd);
        return error;
    }
    Progress* const page = map_page(fd);
    if (page == nullptr) {
        auto error = failed("mapping the progress page");
        ::close(fd);
        return error;
    }
    return ProgressPage{page, fd};
}

Result<ProgressPage> ProgressPage::map(int fd) {
    Progress* const page = map_page(fd);
    if (page == nullptr) return failed("mapping the progress page");
    return ProgressPage{page, -1};
}

ProgressPage::ProgressPage(ProgressPage&& other) noexcept
    : page_{std::exchange(other.page_, nullptr)}, fd_{std::exchange(other.fd_, -1)} {}

ProgressPage::~ProgressPage() {
    if (page_ != nullptr) ::munmap(page_, sizeof(Progress));
    if (fd_ >= 0) ::close(fd_);
}

}  // namespace trunkline::frames
