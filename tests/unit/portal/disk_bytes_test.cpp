// An operator's file, as it is read while it is sent.
#include "portal/wire/disk_bytes.hpp"

#include <fstream>

#include "tests/unit/portal/support.hpp"

namespace trunkline::portal::test {
namespace {

class DiskBytesTest : public ::testing::Test {
protected:
    std::string made(const std::string& bytes) {
        const auto path = folder_.file("file");
        std::ofstream{path, std::ios::binary} << bytes;
        return path;
    }
    Folder folder_;
};

TEST_F(DiskBytesTest, GivesAFileInPiecesFromAnywhere) {
    std::string bytes;
    for (int at = 0; at < 50'000; ++at)
        bytes += std::to_string(at);
    const auto file = wire::DiskBytes::open(made(bytes));
    ASSERT_TRUE(file);
    EXPECT_EQ(file->size(), bytes.size());

    std::string whole;
    std::string piece;
    for (;;) {
        ASSERT_TRUE(file->read(whole.size(), piece));
        if (piece.empty()) break;
        EXPECT_LE(piece.size(), 64U * 1024);
        whole += piece;
    }
    EXPECT_EQ(whole, bytes);
    ASSERT_TRUE(file->read(bytes.size() - 3, piece));
    EXPECT_EQ(piece, bytes.substr(bytes.size() - 3));
}

TEST_F(DiskBytesTest, AFileThatBecameShorterIsAFailureAndNotTheEnd) {
    const auto path = made("0123456789");
    const auto file = wire::DiskBytes::open(path);
    ASSERT_TRUE(file);
    std::filesystem::resize_file(path, 4);

    std::string piece;
    ASSERT_TRUE(file->read(0, piece));
    EXPECT_EQ(piece, "0123");
    EXPECT_FALSE(file->read(4, piece));
}

TEST_F(DiskBytesTest, WhatIsNoFileIsNotOpened) {
    EXPECT_FALSE(wire::DiskBytes::open(folder_.file("nowhere")));
    EXPECT_FALSE(wire::DiskBytes::open(folder_.file("")));
}

}  // namespace
}  // namespace trunkline::portal::test
