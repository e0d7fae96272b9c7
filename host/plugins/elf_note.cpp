#include "host/plugins/elf_note.hpp"

#include <array>
#include <cstring>
#include <fstream>
#include <optional>

#include <elf.h>
#include <trunkline/note.h>

#include "host/plugins/refused.hpp"

namespace trunkline::plugins {
namespace {

using Bytes = std::span<const std::uint8_t>;

constexpr std::size_t kProgramHeadersMax = 512;
constexpr std::uint32_t kIdMax = 32;
constexpr std::uint32_t kTextMax = 256;
constexpr std::uint32_t kManifestMax = 256U << 10U;

#if defined(__x86_64__)
constexpr std::uint16_t kMachine = EM_X86_64;
constexpr const char* kMachineName = "x86-64";
#elif defined(__aarch64__)
constexpr std::uint16_t kMachine = EM_AARCH64;
constexpr const char* kMachineName = "aarch64";
#else
#error "name the ELF machine of this architecture here"
#endif

/// The part of `bytes` at `offset`, if it is all there.
std::optional<Bytes> slice(Bytes bytes, std::uint64_t offset, std::uint64_t size) {
    if (offset > bytes.size() || size > bytes.size() - offset) return std::nullopt;
    return bytes.subspan(offset, size);
}

template <class T>
std::optional<T> read_struct(Bytes bytes, std::uint64_t offset) {
    const auto part = slice(bytes, offset, sizeof(T));
    if (!part) return std::nullopt;
    T value;
    std::memcpy(&value, part->data(), sizeof(T));
    return value;
}

std::uint64_t aligned(std::uint64_t offset, std::uint64_t to) {
    return (offset + to - 1) / to * to;
}

Result<Elf64_Ehdr> check_header(Bytes file) {
    if (file.size() < SELFMAG || std::memcmp(file.data(), ELFMAG, SELFMAG) != 0) {
        return refused("not a shared library (no ELF header)");
    }
    const auto header = read_struct<Elf64_Ehdr>(file, 0);
    if (!header) return refused("truncated: the ELF header is not all there");
    if (header->e_ident[EI_CLASS] != ELFCLASS64)
        return refused("wrong class: not a 64-bit library");
    if (header->e_ident[EI_DATA] != ELFDATA2LSB)
        return refused("wrong byte order: not little-endian");
    if (header->e_ident[EI_VERSION] != EV_CURRENT) return refused("unknown ELF version");
    if (header->e_type != ET_DYN) {
        return refused(
            "wrong type: not a shared library (ELF type " + std::to_string(header->e_type) + ")"
        );
    }
    if (header->e_machine != kMachine) {
        return refused(
            std::string{"wrong machine: made for ELF machine "} +
            std::to_string(header->e_machine) + ", this is " + kMachineName
        );
    }
    if (header->e_phentsize != sizeof(Elf64_Phdr) || header->e_phnum == 0 ||
        header->e_phnum > kProgramHeadersMax) {
        return refused("damaged: implausible program headers");
    }
    const std::uint64_t sections = std::uint64_t{header->e_shentsize} * header->e_shnum;
    if (header->e_shoff != 0 && !slice(file, header->e_shoff, sections)) {
        return refused("truncated: the section headers are not all there");
    }
    return *header;
}

Result<ElfNote> read_descriptor(Bytes descriptor) {
    const auto fixed = read_struct<tl_note>(descriptor, 0);
    if (!fixed) return refused("the connector's note is too short");
    if (fixed->format != TL_NOTE_FORMAT) {
        return refused(
            "the connector's note has format " + std::to_string(fixed->format) +
            ", this host reads " + std::to_string(TL_NOTE_FORMAT)
        );
    }
    if (fixed->id_size > kIdMax || fixed->version_size > kTextMax || fixed->title_size > kTextMax ||
        fixed->manifest_size > kManifestMax || fixed->build_size > kTextMax) {
        return refused("a text of the connector's note is longer than allowed");
    }
    ElfNote note;
    note.abi_major = fixed->abi_major;
    note.abi_minor = fixed->abi_minor;
    note.state_schema = fixed->state_schema;
    const std::array<std::pair<std::uint32_t, std::string_view*>, 5> texts{
        {{fixed->id_size, &note.id},
         {fixed->version_size, &note.version},
         {fixed->title_size, &note.title},
         {fixed->manifest_size, &note.manifest},
         {fixed->build_size, &note.build}}};
    std::uint64_t offset = sizeof(tl_note);
    for (const auto& [size, text] : texts) {
        const auto part = slice(descriptor, offset, size);
        if (!part) return refused("the connector's note says it is longer than it is");
        *text = {reinterpret_cast<const char*>(part->data()), part->size()};
        offset += size;
    }
    return note;
}

/// Looks through one note segment; leaves `found` alone when the connector's note is not in it.
Result<void> scan_segment(Bytes segment, std::uint64_t align, std::optional<ElfNote>& found) {
    std::uint64_t offset = 0;
    while (offset + sizeof(Elf64_Nhdr) <= segment.size()) {
        const auto header = read_struct<Elf64_Nhdr>(segment, offset);
        const std::uint64_t name_at = offset + sizeof(Elf64_Nhdr);
        const std::uint64_t descriptor_at = aligned(name_at + header->n_namesz, align);
        const auto name = slice(segment, name_at, header->n_namesz);
        const auto descriptor = slice(segment, descriptor_at, header->n_descsz);
        if (!name || !descriptor) return refused("damaged: a note reaches beyond its segment");
        const std::string_view owner{reinterpret_cast<const char*>(name->data()), name->size()};
        if (owner == std::string_view{TL_NOTE_OWNER, sizeof(TL_NOTE_OWNER)} &&
            header->n_type == TL_NOTE_CONNECTOR) {
            if (found) return refused("the file holds more than one connector's note");
            auto note = read_descriptor(*descriptor);
            if (!note) return note.error();
            found = *note;
        }
        offset = aligned(descriptor_at + header->n_descsz, align);
    }
    return {};
}

}  // namespace

Result<ElfNote> read_elf_note(std::span<const std::uint8_t> file) {
    const auto header = check_header(file);
    if (!header) return header.error();
    const auto table =
        slice(file, header->e_phoff, std::uint64_t{header->e_phnum} * sizeof(Elf64_Phdr));
    if (!table) return refused("truncated: the program headers are not all there");

    std::optional<ElfNote> found;
    for (std::uint64_t i = 0; i < header->e_phnum; ++i) {
        const auto segment = read_struct<Elf64_Phdr>(*table, i * sizeof(Elf64_Phdr));
        if (segment->p_type != PT_LOAD && segment->p_type != PT_NOTE &&
            segment->p_type != PT_DYNAMIC)
            continue;
        const auto bytes = slice(file, segment->p_offset, segment->p_filesz);
        if (!bytes) return refused("truncated: a segment is not all there");
        if (segment->p_type != PT_NOTE) continue;
        auto scanned = scan_segment(*bytes, segment->p_align == 8 ? 8 : 4, found);
        if (!scanned) return scanned.error();
    }
    if (!found) return refused("not a connector: it has no " TL_NOTE_SECTION " note");
    return *found;
}

std::string_view read_elf_section(std::span<const std::uint8_t> file, std::string_view name) {
    const auto header = check_header(file);
    if (!header || header->e_shoff == 0 || header->e_shentsize != sizeof(Elf64_Shdr) ||
        header->e_shstrndx >= header->e_shnum)
        return {};
    const auto section_at = [&](std::uint64_t index) {
        return read_struct<Elf64_Shdr>(file, header->e_shoff + index * sizeof(Elf64_Shdr));
    };
    const auto names = section_at(header->e_shstrndx);
    const auto texts = slice(file, names->sh_offset, names->sh_size);
    if (!texts) return {};
    const std::string_view all{reinterpret_cast<const char*>(texts->data()), texts->size()};
    for (std::uint64_t i = 0; i < header->e_shnum; ++i) {
        const auto section = section_at(i);
        if (section->sh_name >= all.size() || section->sh_type != SHT_PROGBITS) continue;
        const std::string_view found = all.substr(section->sh_name);
        if (found.substr(0, found.find('\0')) != name) continue;
        const auto bytes = slice(file, section->sh_offset, section->sh_size);
        if (!bytes) return {};
        return {reinterpret_cast<const char*>(bytes->data()), bytes->size()};
    }
    return {};
}

bool is_whole_file(const std::string& file) {
    std::ifstream stream{file, std::ios::binary | std::ios::ate};
    const auto size = static_cast<std::uint64_t>(std::max<std::streamoff>(stream.tellg(), 0));
    Elf64_Ehdr header{};
    stream.seekg(0);
    stream.read(reinterpret_cast<char*>(&header), sizeof header);
    const auto got = static_cast<std::size_t>(stream.gcount());
    if (got >= SELFMAG && std::memcmp(header.e_ident, ELFMAG, SELFMAG) != 0) return true;
    if (got < sizeof header) return false;
    const std::uint64_t sections = std::uint64_t{header.e_shentsize} * header.e_shnum;
    return header.e_shoff == 0 || (header.e_shoff <= size && sections <= size - header.e_shoff);
}

}  // namespace trunkline::plugins
