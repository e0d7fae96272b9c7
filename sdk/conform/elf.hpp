#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

/// What a shared library says about itself, read from its bytes alone: nothing of it is run.
namespace trunkline::conform {

struct Symbol {
    std::string name;
    bool unique = false;  ///< STB_GNU_UNIQUE
    bool weak = false;
};

/// The connector's note (trunkline/note.h).
struct Note {
    std::uint32_t abi_major = 0, abi_minor = 0, state_schema = 0;
    std::string id, version, title, manifest, build;
};

struct Elf {
    std::vector<Symbol> exports, imports;
    std::vector<std::string> needed;
    std::string run_path;   ///< DT_RPATH or DT_RUNPATH
    bool bind_now = false;  ///< every symbol is bound when it is loaded
    bool relro = false;     ///< and what was bound is read-only then
    bool build_id = false;
    std::uint64_t loaded_size = 0;  ///< bytes of the file that are mapped
    std::size_t image_end = 0;      ///< behind the last mapped byte; debug information lies there
    std::optional<Note> note;
    std::string note_fault;  ///< why there is none
    std::string cases;       ///< the golden cases that travel in it
};

/// Reads a library. Throws std::runtime_error saying what is wrong with the file.
Elf read_elf(std::string_view image);

}  // namespace trunkline::conform
