#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "host/plugins/elf_note.hpp"
#include "host/plugins/generation.hpp"

/// What connectors say of themselves, judged without running any of them. `[any]`
namespace trunkline::plugins {

inline constexpr std::size_t kFilesMax = 1000;  ///< of one folder

bool is_connector_id(std::string_view text);
bool is_connector_file(const std::string& file);  ///< no hidden one, and it ends in .so
std::string abi_text(std::uint32_t major, std::uint32_t minor);

/// The manifest in a note; `file` must be called as the connector's id. `malformed` otherwise.
Result<Manifest> judge_note(const ElfNote& note, const std::string& file);

/// Whether this host speaks the connector's version of the border.
Result<void> check_abi(const Manifest& manifest);

/// A connector's file as it lies in the folder.
struct FoundFile {
    std::string id;  ///< the file's name without ".so"
    Manifest manifest;
    std::optional<Error> error;  ///< why the host would refuse it
};

/// Reads the notes of a folder's connectors, in the order of their names, and judges their
/// signatures. Nothing is staged, mapped or run. Blocks. Fails when the folder cannot be listed.
Result<std::vector<FoundFile>> read_notes(
    const std::string& directory, std::uint64_t file_bytes_max, const SignaturePolicy& signatures
);

}  // namespace trunkline::plugins
