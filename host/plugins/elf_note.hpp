#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "host/base/result.hpp"

/// Reads what a connector says about itself out of its file, without running any of it.
namespace trunkline::plugins {

/// The texts of a connector's note. Views into the bytes that were read.
struct ElfNote {
    std::uint32_t abi_major = 0;
    std::uint32_t abi_minor = 0;
    std::uint32_t state_schema = 0;
    std::string_view id, version, title, manifest, build;
};

/// Walks `file` as an ELF64 shared library of this machine and returns its one connector note.
/// Every offset is checked before it is followed, so any bytes may be given. Fails with `malformed`
/// and one line for people: not a library, wrong class, byte order, machine or type, truncated, no
/// note, a note that contradicts itself. `[any]` Source: System V ABI, chapters 4 and 5; layout of
/// the note: trunkline/note.h.
Result<ElfNote> read_elf_note(std::span<const std::uint8_t> file);

/// The bytes of the section called `name`; empty when there is none. For a file that
/// `read_elf_note` accepted; as careful with its offsets. `[any]`
std::string_view read_elf_section(std::span<const std::uint8_t> file, std::string_view name);

/// Whether a file looks as if all of it had been written: what its header names is there. A file
/// that is no ELF file at all is whole. `[any]`
bool is_whole_elf(std::span<const std::uint8_t> file);

}  // namespace trunkline::plugins
