// Frames over a socket whose other end may send anything.
#include "host/frames/transport.hpp"

#include <array>
#include <cstring>
#include <filesystem>

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

namespace trunkline::frames {
namespace {

class TransportTest : public ::testing::Test {
protected:
    TransportTest() {
        EXPECT_EQ(::socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends_.data()), 0);
        open_before_ = descriptors();
    }
    ~TransportTest() override {
        EXPECT_EQ(descriptors(), open_before_) << "a descriptor was left open";
        for (const int end : ends_)
            ::close(end);
    }

    static std::size_t descriptors() {
        std::size_t count = 0;
        for ([[maybe_unused]] const auto& entry :
             std::filesystem::directory_iterator{"/proc/self/fd"})
            ++count;
        return count;
    }

    Moved receive() { return inbox_.receive(ends_[1], frame_, false); }

    /// Sends a packet by hand, with `files` beside it; closes them here.
    void send_raw(std::string packet, std::vector<int> files = {}) {
        iovec piece{packet.data(), packet.size()};
        msghdr message{};
        message.msg_iov = &piece;
        message.msg_iovlen = 1;
        std::vector<char> control(CMSG_SPACE(files.size() * sizeof(int)));
        if (!files.empty()) {
            message.msg_control = control.data();
            message.msg_controllen = control.size();
            cmsghdr* header = CMSG_FIRSTHDR(&message);
            header->cmsg_level = SOL_SOCKET;
            header->cmsg_type = SCM_RIGHTS;
            header->cmsg_len = CMSG_LEN(files.size() * sizeof(int));
            std::memcpy(CMSG_DATA(header), files.data(), files.size() * sizeof(int));
        }
        ASSERT_GE(::sendmsg(ends_[0], &message, 0), 0);
        for (const int file : files)
            ::close(file);
    }
    static std::string by_file(std::uint64_t size) {
        std::string packet(1 + sizeof size, 'f');
        std::memcpy(packet.data() + 1, &size, sizeof size);
        return packet;
    }
    static int memory(std::size_t size, int seals) {
        const int file = ::memfd_create("test", MFD_CLOEXEC | MFD_ALLOW_SEALING);
        EXPECT_EQ(::ftruncate(file, static_cast<off_t>(size)), 0);
        EXPECT_EQ(::fcntl(file, F_ADD_SEALS, seals), 0);
        return file;
    }
    static constexpr int kSealed = F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE;

    std::array<int, 2> ends_{};
    std::size_t open_before_ = 0;
    Inbox inbox_;
    std::string_view frame_;
};

TEST_F(TransportTest, ShortAndLongFramesKeepTheirBordersAndOrder) {
    const std::array sizes{
        std::size_t{1}, kInlineMax - 1, kInlineMax, kInlineMax + 1, std::size_t{3'000'000}};
    for (const std::size_t size : sizes) {
        const std::string frame(size, static_cast<char>('a' + size % 7));
        ASSERT_EQ(send_frame(ends_[0], frame, false), Moved::whole) << size;
        ASSERT_EQ(receive(), Moved::whole) << size;
        EXPECT_TRUE(frame_ == frame) << size;
    }
    EXPECT_EQ(receive(), Moved::not_now);
}

TEST_F(TransportTest, AFullSocketSaysSo) {
    const std::string frame(60'000, 'x');
    int sent = 0;
    while (send_frame(ends_[0], frame, false) == Moved::whole)
        ++sent;
    EXPECT_EQ(send_frame(ends_[0], frame, false), Moved::not_now);
    for (int i = 0; i < sent; ++i)
        EXPECT_EQ(receive(), Moved::whole);
    EXPECT_EQ(receive(), Moved::not_now);
}

TEST_F(TransportTest, NothingAndTooMuchIsNotSent) {
    EXPECT_EQ(send_frame(ends_[0], "", false), Moved::forbidden);
    EXPECT_EQ(send_frame(ends_[0], std::string(kFrameMax + 1, 'x'), false), Moved::forbidden);
}

TEST_F(TransportTest, TheEndIsNoticedOnBothSides) {
    const int gone = ::dup(ends_[0]);
    ::close(ends_[0]);
    ::close(gone);
    EXPECT_EQ(receive(), Moved::closed);
    EXPECT_EQ(send_frame(ends_[1], "frame", false), Moved::closed);
    ends_[0] = ::dup(ends_[1]);
}

TEST_F(TransportTest, PacketsThatAreNoFramesAreForbidden) {
    for (const std::string& packet :
         {std::string{"x"},
          std::string{"i"},
          std::string{"f"},
          by_file(5),
          std::string{"fabc"},
          std::string{"xyz"}}) {
        send_raw(packet);
        EXPECT_EQ(receive(), Moved::forbidden) << packet;
    }
    send_raw("i" + std::string(kInlineMax + 1, 'x'));
    EXPECT_EQ(receive(), Moved::forbidden) << "longer than the inbox";
}

TEST_F(TransportTest, ForeignDescriptorsAreClosedAndForbidden) {
    const auto nothing = [] { return ::open("/dev/null", O_RDWR | O_CLOEXEC); };
    send_raw("iframe", {nothing()});
    EXPECT_EQ(receive(), Moved::forbidden) << "beside a short frame";
    send_raw(by_file(5), {nothing()});
    EXPECT_EQ(receive(), Moved::forbidden) << "not a memory file";
    send_raw(by_file(5), {memory(5, kSealed), memory(5, kSealed)});
    EXPECT_EQ(receive(), Moved::forbidden) << "two";
    std::vector<int> many;
    for (int i = 0; i < 30; ++i)
        many.push_back(nothing());
    send_raw("iframe", many);
    EXPECT_EQ(receive(), Moved::forbidden) << "more than there is room for";
}

TEST_F(TransportTest, AMemoryFileMustBeSealedAndAsLongAsAnnounced) {
    for (const int seals :
         {0,
          F_SEAL_SHRINK | F_SEAL_GROW,
          F_SEAL_GROW | F_SEAL_WRITE,
          F_SEAL_SHRINK | F_SEAL_WRITE}) {
        send_raw(by_file(5), {memory(5, seals)});
        EXPECT_EQ(receive(), Moved::forbidden) << seals;
    }
    for (const std::uint64_t announced :
         {std::uint64_t{0}, std::uint64_t{4}, std::uint64_t{6}, ~std::uint64_t{0}}) {
        send_raw(by_file(announced), {memory(5, kSealed)});
        EXPECT_EQ(receive(), Moved::forbidden) << announced;
    }
    send_raw(by_file(kFrameMax + 1), {memory(kFrameMax + 1, kSealed)});
    EXPECT_EQ(receive(), Moved::forbidden) << "longer than any frame, and never read";
    send_raw(by_file(5), {memory(5, kSealed)});
    EXPECT_EQ(receive(), Moved::whole);
    EXPECT_EQ(frame_, std::string(5, '\0'));
}

}  // namespace
}  // namespace trunkline::frames
