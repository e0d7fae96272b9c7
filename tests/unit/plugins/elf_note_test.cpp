#include "host/plugins/elf_note.hpp"

#include <cstring>
#include <random>

#include <elf.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "scratch_folder.hpp"

namespace trunkline::plugins {
namespace {

using ::testing::HasSubstr;

Result<ElfNote> read(const std::string& bytes) {
    // An allocation of exactly this size, so that the sanitizer sees a step too far.
    const std::vector<std::uint8_t> exact(bytes.begin(), bytes.end());
    auto note = read_elf_note(exact);
    if (!note) return note;
    ElfNote numbers;
    numbers.abi_major = note->abi_major;
    return numbers;  // its texts would dangle
}

std::string reason(const std::string& bytes) {
    const auto note = read(bytes);
    return note ? "accepted" : note.error().context;
}

template <class T>
std::string patched(std::string bytes, std::size_t offset, T value) {
    std::memcpy(bytes.data() + offset, &value, sizeof value);
    return bytes;
}

std::size_t note_at(const std::string& bytes) {
    return bytes.find(std::string_view{"Trunkline\0\0\0", 12}) - sizeof(Elf64_Nhdr);
}

TEST(ElfNoteTest, ReadsAllTexts) {
    const std::string bytes = bytes_of_connector("good");
    const auto note =
        read_elf_note({reinterpret_cast<const std::uint8_t*>(bytes.data()), bytes.size()});
    ASSERT_TRUE(note) << note.error().context;
    EXPECT_EQ(note->id, "good");
    EXPECT_EQ(note->version, "1.2.3");
    EXPECT_EQ(note->title, "Good");
    EXPECT_EQ(note->manifest, "{\"settings\":{}}");
    EXPECT_EQ(note->build, "by hand");
}

TEST(ElfNoteTest, NamesWhatIsWrongWithTheFile) {
    const std::string good = bytes_of_connector("good");
    EXPECT_THAT(reason(""), HasSubstr("no ELF header"));
    EXPECT_THAT(reason("#!/bin/sh\necho hello\n"), HasSubstr("no ELF header"));
    EXPECT_THAT(reason(good.substr(0, 40)), HasSubstr("truncated"));
    EXPECT_THAT(reason(patched(good, EI_CLASS, char{ELFCLASS32})), HasSubstr("wrong class"));
    EXPECT_THAT(reason(patched(good, EI_DATA, char{ELFDATA2MSB})), HasSubstr("wrong byte order"));
    EXPECT_THAT(
        reason(patched(good, offsetof(Elf64_Ehdr, e_machine), std::uint16_t{EM_RISCV})),
        HasSubstr("wrong machine")
    );
    EXPECT_THAT(
        reason(patched(good, offsetof(Elf64_Ehdr, e_type), std::uint16_t{ET_EXEC})),
        HasSubstr("wrong type")
    );
    EXPECT_THAT(reason(bytes_of_connector("no_note")), HasSubstr("no .note.trunkline note"));
}

TEST(ElfNoteTest, RefusesEveryTruncation) {
    const std::string good = bytes_of_connector("good");
    for (std::size_t size = 0; size < good.size(); size += 1 + size / 64) {
        EXPECT_FALSE(read(good.substr(0, size))) << size;
    }
    EXPECT_FALSE(read(good.substr(0, good.size() - 1)));
}

TEST(ElfNoteTest, ChecksTheNoteAgainstItself) {
    const std::string good = bytes_of_connector("good");
    const std::size_t note = note_at(good);
    ASSERT_LT(note, good.size());
    const std::size_t fixed = note + 24;
    EXPECT_THAT(reason(patched(good, fixed, std::uint32_t{9})), HasSubstr("has format 9"));
    EXPECT_THAT(
        reason(patched(good, fixed + 28, std::uint32_t{200'000})), HasSubstr("longer than it is")
    );
    EXPECT_THAT(
        reason(patched(good, fixed + 28, std::uint32_t{0xFFFFFFFF})),
        HasSubstr("longer than allowed")
    );
    EXPECT_THAT(
        reason(patched(good, note + 4, std::uint32_t{0xFFFFFFF0})), HasSubstr("beyond its segment")
    );
    EXPECT_THAT(reason(patched(good, note + 4, std::uint32_t{8})), HasSubstr("too short"));
    EXPECT_THAT(
        reason(patched(good, note + 8, std::uint32_t{2})), HasSubstr("no .note.trunkline note")
    );
}

TEST(ElfNoteTest, SurvivesAnyBytes) {
    const std::string good = bytes_of_connector("good");
    const std::size_t note = note_at(good);
    std::mt19937 random{20'26};
    for (int round = 0; round < 4000; ++round) {
        std::string bytes = good;
        for (int flip = 0; flip < 4; ++flip) {
            // Where offsets and sizes are: file header, program headers, the note.
            const std::size_t at = random() % 3 == 0 ? note + random() % 96 : random() % 1024;
            bytes[at] = static_cast<char>(random());
        }
        const auto result = read(bytes);
        EXPECT_TRUE(result || !result.error().context.empty());
    }
}

}  // namespace
}  // namespace trunkline::plugins
