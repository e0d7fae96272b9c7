#include "host/frames/transport.hpp"

#include <array>
#include <cerrno>
#include <cstring>
#include <utility>
#include <vector>

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "host/process/descriptor.hpp"

namespace trunkline::frames {
namespace {

using process::Descriptor;

// The first byte of a packet.
constexpr char kInline = 'i';  // the frame follows
constexpr char kByFile = 'f';  // its size follows, and a descriptor
constexpr std::size_t kByFileSize = 1 + sizeof(std::uint64_t);
constexpr int kSeals = F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE;
constexpr std::size_t kDescriptorsMax = 16;  // of one packet; more are dropped by the kernel

Moved failed_to_move(int code) {
    switch (code) {
        case EAGAIN:
            return Moved::not_now;
        case EPIPE:
        case ECONNRESET:
        case ENOTCONN:
            return Moved::closed;
        default:
            return Moved::forbidden;
    }
}

Moved send_packet(int socket, msghdr& message, bool wait) {
    const int flags = MSG_NOSIGNAL | (wait ? 0 : MSG_DONTWAIT);
    for (;;) {
        if (::sendmsg(socket, &message, flags) >= 0) return Moved::whole;
        if (errno != EINTR) return failed_to_move(errno);
    }
}

bool write_all(int file, std::string_view bytes) {
    while (!bytes.empty()) {
        const ssize_t written = ::write(file, bytes.data(), bytes.size());
        if (written < 0 && errno == EINTR) continue;
        if (written <= 0) return false;
        bytes.remove_prefix(static_cast<std::size_t>(written));
    }
    return true;
}

Moved send_by_file(int socket, std::string_view frame, bool wait) {
    const Descriptor file{::memfd_create("trunkline-frame", MFD_CLOEXEC | MFD_ALLOW_SEALING)};
    if (file.get() < 0 || !write_all(file.get(), frame) ||
        ::fcntl(file.get(), F_ADD_SEALS, kSeals | F_SEAL_SEAL) != 0)
        return Moved::forbidden;
    std::array<char, kByFileSize> head{};
    head[0] = kByFile;
    const std::uint64_t size = frame.size();
    std::memcpy(head.data() + 1, &size, sizeof size);
    iovec piece{head.data(), head.size()};
    alignas(cmsghdr) std::array<char, CMSG_SPACE(sizeof(int))> control{};
    msghdr message{};
    message.msg_iov = &piece;
    message.msg_iovlen = 1;
    message.msg_control = control.data();
    message.msg_controllen = control.size();
    cmsghdr* const header = CMSG_FIRSTHDR(&message);
    header->cmsg_level = SOL_SOCKET;
    header->cmsg_type = SCM_RIGHTS;
    header->cmsg_len = CMSG_LEN(sizeof(int));
    const int descriptor = file.get();
    std::memcpy(CMSG_DATA(header), &descriptor, sizeof descriptor);
    return send_packet(socket, message, wait);
}

std::vector<Descriptor> descriptors_of(msghdr& message) {
    std::vector<Descriptor> found;
    for (cmsghdr* header = CMSG_FIRSTHDR(&message); header != nullptr;
         header = CMSG_NXTHDR(&message, header)) {
        if (header->cmsg_level != SOL_SOCKET || header->cmsg_type != SCM_RIGHTS) continue;
        const std::size_t count = (header->cmsg_len - CMSG_LEN(0)) / sizeof(int);
        for (std::size_t i = 0; i < count; ++i) {
            int descriptor = -1;
            std::memcpy(&descriptor, CMSG_DATA(header) + i * sizeof(int), sizeof descriptor);
            found.emplace_back(descriptor);
        }
    }
    return found;
}

/// Not by fstat(3), which asks by path and which a child may not do.
bool size_of(int file, std::uint64_t& size) {
    struct stat facts {};
    if (::syscall(SYS_fstat, file, &facts) != 0 || !S_ISREG(facts.st_mode)) return false;
    size = static_cast<std::uint64_t>(facts.st_size);
    return true;
}

bool read_sealed(int file, std::uint64_t announced, std::string& frame) {
    if (announced > kFrameMax) return false;
    const int seals = ::fcntl(file, F_GET_SEALS);
    if (seals < 0 || (seals & kSeals) != kSeals) return false;
    std::uint64_t size = 0;
    if (!size_of(file, size) || size != announced) return false;
    frame.resize(size);
    std::size_t at = 0;
    while (at < size) {
        const ssize_t got = ::pread(file, frame.data() + at, size - at, static_cast<off_t>(at));
        if (got < 0 && errno == EINTR) continue;
        if (got <= 0) return false;
        at += static_cast<std::size_t>(got);
    }
    return true;
}

}  // namespace

Moved send_frame(int socket, std::string_view frame, bool wait) {
    if (frame.empty() || frame.size() > kFrameMax) return Moved::forbidden;
    if (frame.size() > kInlineMax) return send_by_file(socket, frame, wait);
    char kind = kInline;
    std::array<iovec, 2> pieces{
        iovec{&kind, 1}, iovec{const_cast<char*>(frame.data()), frame.size()}};
    msghdr message{};
    message.msg_iov = pieces.data();
    message.msg_iovlen = pieces.size();
    return send_packet(socket, message, wait);
}

Moved Inbox::receive(int socket, std::string_view& frame, bool wait) {
    std::string{}.swap(file_);  // long frames are rare, and their room is wanted elsewhere
    char kind = 0;
    std::array<iovec, 2> pieces{iovec{&kind, 1}, iovec{packet_.data(), packet_.size()}};
    alignas(cmsghdr) std::array<char, CMSG_SPACE(kDescriptorsMax * sizeof(int))> control{};
    msghdr message{};
    message.msg_iov = pieces.data();
    message.msg_iovlen = pieces.size();
    message.msg_control = control.data();
    message.msg_controllen = control.size();
    ssize_t got = 0;
    do {
        got = ::recvmsg(socket, &message, MSG_CMSG_CLOEXEC | (wait ? 0 : MSG_DONTWAIT));
    } while (got < 0 && errno == EINTR);
    if (got < 0) return failed_to_move(errno);
    const std::vector<Descriptor> descriptors = descriptors_of(message);
    // An empty packet looks like the end, and whoever sends one means harm.
    if (got == 0) return Moved::closed;
    if ((message.msg_flags & (MSG_TRUNC | MSG_CTRUNC)) != 0) return Moved::forbidden;
    const std::size_t size = static_cast<std::size_t>(got) - 1;
    if (kind == kInline && descriptors.empty() && size > 0) {
        frame = std::string_view{packet_}.substr(0, size);
        return Moved::whole;
    }
    if (kind != kByFile || descriptors.size() != 1 || size != sizeof(std::uint64_t))
        return Moved::forbidden;
    std::uint64_t announced = 0;
    std::memcpy(&announced, packet_.data(), sizeof announced);
    if (!read_sealed(descriptors.front().get(), announced, file_)) return Moved::forbidden;
    frame = file_;
    return Moved::whole;
}

}  // namespace trunkline::frames
