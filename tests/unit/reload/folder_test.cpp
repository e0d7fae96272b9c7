#include "host/reload/folder.hpp"

#include <filesystem>
#include <fstream>

#include <elf.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

namespace trunkline::reload {
namespace {

using namespace std::chrono_literals;
using ::testing::IsEmpty;
using ::testing::SizeIs;

class FolderTest : public ::testing::Test {
protected:
    FolderTest() {
        folder_ = std::filesystem::temp_directory_path() /
                  ("trunkline-folder-" + std::to_string(::getpid()) + "-" +
                   ::testing::UnitTest::GetInstance()->current_test_info()->name());
        std::filesystem::create_directory(folder_);
    }
    ~FolderTest() override { std::filesystem::remove_all(folder_); }

    void write(const std::string& name, const std::string& bytes) {
        std::ofstream{folder_ / name, std::ios::binary} << bytes;
    }
    std::vector<Folder::Change> look(std::chrono::milliseconds at) {
        return watched().look(Folder::Time{} + 1h + at);
    }
    Folder& watched() {
        if (!watched_) watched_.emplace(folder_.string());
        return *watched_;
    }

    std::filesystem::path folder_;
    std::optional<Folder> watched_;
};

/// The header of a library whose section headers lie at `at`.
std::string header(std::uint64_t at) {
    Elf64_Ehdr header{};
    std::memcpy(header.e_ident, ELFMAG, SELFMAG);
    header.e_shoff = at;
    header.e_shentsize = sizeof(Elf64_Shdr);
    header.e_shnum = 1;
    return {reinterpret_cast<const char*>(&header), sizeof header};
}

TEST_F(FolderTest, WhatWasThereBeforeIsNoChange) {
    write("a.so", "text");
    watched().learn();
    EXPECT_THAT(look(0ms), IsEmpty());
    EXPECT_THAT(look(10s), IsEmpty());
    EXPECT_FALSE(watched().unsettled());
}

TEST_F(FolderTest, AFileCountsOnceItHasBeenStill) {
    write("a.so", "text");
    EXPECT_THAT(look(0ms), IsEmpty());
    EXPECT_TRUE(watched().unsettled());
    EXPECT_THAT(look(249ms), IsEmpty());
    write("a.so", "more");
    EXPECT_THAT(look(300ms), IsEmpty()) << "it has changed meanwhile";
    const auto changes = look(550ms);
    ASSERT_THAT(changes, SizeIs(1));
    EXPECT_EQ(changes[0].file, (folder_ / "a.so").string());
    EXPECT_FALSE(changes[0].gone);
    EXPECT_THAT(look(20s), IsEmpty()) << "told once";
}

TEST_F(FolderTest, HalfALibraryIsWaitedForAWhile) {
    write("a.so", header(4096));
    EXPECT_THAT(look(0ms), IsEmpty());
    EXPECT_THAT(look(1'900ms), IsEmpty());
    EXPECT_TRUE(watched().unsettled());
    EXPECT_THAT(look(2'000ms), SizeIs(1)) << "then it is judged as it is";
}

TEST_F(FolderTest, AWholeLibraryIsNotWaitedFor) {
    write("a.so", header(sizeof(Elf64_Ehdr)) + std::string(sizeof(Elf64_Shdr), '\0'));
    EXPECT_THAT(look(0ms), IsEmpty());
    EXPECT_THAT(look(250ms), SizeIs(1));
}

TEST_F(FolderTest, AFileThatIsGoneIsToldToo) {
    write("a.so", "text");
    watched().learn();
    std::filesystem::remove(folder_ / "a.so");
    EXPECT_THAT(look(0ms), IsEmpty()) << "it may be replaced in this moment";
    const auto changes = look(250ms);
    ASSERT_THAT(changes, SizeIs(1));
    EXPECT_TRUE(changes[0].gone);
    EXPECT_THAT(look(280ms), IsEmpty()) << "told once";
    write("a.so", "text");
    EXPECT_THAT(look(300ms), IsEmpty());
    EXPECT_THAT(look(550ms), SizeIs(1)) << "and told anew when it comes back";
}

TEST_F(FolderTest, ANewSignatureIsAChangeOfItsConnector) {
    write("a.so", "text");
    watched().learn();
    write("a.so.sig", "y");
    EXPECT_THAT(look(0ms), IsEmpty());
    const auto changes = look(250ms);
    ASSERT_THAT(changes, SizeIs(1));
    EXPECT_EQ(changes[0].file, (folder_ / "a.so").string());
}

TEST_F(FolderTest, AFolderThatCannotBeReadSaysNothingOfItsFiles) {
    write("a.so", "text");
    watched().learn();
    const auto aside = folder_.string() + "-aside";
    std::filesystem::rename(folder_, aside);
    std::ofstream{folder_} << "no folder";
    EXPECT_THAT(look(1s), IsEmpty());
    EXPECT_THAT(look(10s), IsEmpty());
    std::filesystem::remove(folder_);
    std::filesystem::rename(aside, folder_);
    EXPECT_THAT(look(11s), IsEmpty());
    EXPECT_THAT(look(20s), IsEmpty());
}

TEST_F(FolderTest, OtherNamesAreNotLookedAt) {
    for (const char* name : {".a.so", "a.so.tmp", "README"})
        write(name, "x");
    EXPECT_THAT(look(0ms), IsEmpty());
    EXPECT_FALSE(watched().unsettled());
}

}  // namespace
}  // namespace trunkline::reload
