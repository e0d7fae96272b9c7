#include "elf.hpp"

#include <array>
#include <cstring>
#include <stdexcept>

#include <elf.h>
#include <trunkline/note.h>
#include <trunkline/testing/cases.hpp>

namespace trunkline::conform {
namespace {

constexpr std::string_view kBuildIdOwner{"GNU\0", 4};

#if defined(__x86_64__)
constexpr unsigned kMachine = EM_X86_64;
#elif defined(__aarch64__)
constexpr unsigned kMachine = EM_AARCH64;
#else
#error "name the ELF machine of this architecture here"
#endif

[[noreturn]] void damaged(const char* why) {
    throw std::runtime_error{why};
}

/// Part of a file; throws when it is not all there.
std::string_view slice(std::string_view image, std::uint64_t offset, std::uint64_t size) {
    if (offset > image.size() || size > image.size() - offset) damaged("truncated");
    return image.substr(static_cast<std::size_t>(offset), static_cast<std::size_t>(size));
}

template <class T>
T read(std::string_view image, std::uint64_t offset) {
    T value{};
    std::memcpy(&value, slice(image, offset, sizeof(T)).data(), sizeof(T));
    return value;
}

std::string string_at(std::string_view strings, std::uint64_t offset) {
    const std::string_view rest =
        slice(strings, offset, strings.size() - std::min<std::uint64_t>(offset, strings.size()));
    return std::string{rest.substr(0, rest.find('\0'))};
}

Note read_note(std::string_view descriptor) {
    const auto fixed = read<tl_note>(descriptor, 0);
    if (fixed.format != TL_NOTE_FORMAT) damaged("the note has another format");
    Note note{fixed.abi_major, fixed.abi_minor, fixed.state_schema, {}, {}, {}, {}, {}};
    std::uint64_t offset = sizeof fixed;
    const auto take = [&](std::uint32_t size, std::string& text) {
        text = slice(descriptor, offset, size);
        offset += size;
    };
    take(fixed.id_size, note.id);
    take(fixed.version_size, note.version);
    take(fixed.title_size, note.title);
    take(fixed.manifest_size, note.manifest);
    take(fixed.build_size, note.build);
    return note;
}

void read_notes(std::string_view segment, std::uint64_t align, Elf& elf) {
    const auto aligned = [align](std::uint64_t offset) {
        return (offset + align - 1) / align * align;
    };
    for (std::uint64_t offset = 0; offset + sizeof(Elf64_Nhdr) <= segment.size();) {
        const auto head = read<Elf64_Nhdr>(segment, offset);
        const std::uint64_t name_at = offset + sizeof head;
        const std::uint64_t bytes_at = aligned(name_at + head.n_namesz);
        const std::string_view owner = slice(segment, name_at, head.n_namesz);
        const std::string_view bytes = slice(segment, bytes_at, head.n_descsz);
        if (owner == kBuildIdOwner && head.n_type == NT_GNU_BUILD_ID) elf.build_id = true;
        if (owner == std::string_view{TL_NOTE_OWNER, sizeof TL_NOTE_OWNER} &&
            head.n_type == TL_NOTE_CONNECTOR) {
            try {
                elf.note = read_note(bytes);
            } catch (const std::exception& error) {
                elf.note_fault = error.what();
            }
        }
        offset = aligned(bytes_at + head.n_descsz);
    }
}

/// Where the file keeps what lies at an address.
class Addresses {
public:
    Addresses(std::string_view image, std::vector<Elf64_Phdr> segments)
        : image_{image}, segments_{std::move(segments)} {}

    std::string_view from(std::uint64_t address) const {
        for (const Elf64_Phdr& each : segments_) {
            if (each.p_type != PT_LOAD || address < each.p_vaddr ||
                address - each.p_vaddr >= each.p_filesz)
                continue;
            const std::uint64_t inside = address - each.p_vaddr;
            return slice(image_, each.p_offset + inside, each.p_filesz - inside);
        }
        damaged("an address of the dynamic table is not in the file");
    }

private:
    std::string_view image_;
    std::vector<Elf64_Phdr> segments_;
};

void read_dynamic(std::string_view table, const Addresses& addresses, Elf& elf) {
    std::string_view strings;
    std::vector<std::uint64_t> needed, paths;
    for (std::uint64_t at = 0; at + sizeof(Elf64_Dyn) <= table.size(); at += sizeof(Elf64_Dyn)) {
        const auto entry = read<Elf64_Dyn>(table, at);
        if (entry.d_tag == DT_NULL) break;
        if (entry.d_tag == DT_STRTAB) strings = addresses.from(entry.d_un.d_ptr);
        if (entry.d_tag == DT_NEEDED) needed.push_back(entry.d_un.d_val);
        if (entry.d_tag == DT_RPATH || entry.d_tag == DT_RUNPATH) paths.push_back(entry.d_un.d_val);
        const bool now = entry.d_tag == DT_BIND_NOW ||
                         (entry.d_tag == DT_FLAGS && (entry.d_un.d_val & DF_BIND_NOW) != 0) ||
                         (entry.d_tag == DT_FLAGS_1 && (entry.d_un.d_val & DF_1_NOW) != 0);
        if (now) elf.bind_now = true;
    }
    for (const std::uint64_t name : needed)
        elf.needed.push_back(string_at(strings, name));
    for (const std::uint64_t path : paths)
        elf.run_path += (elf.run_path.empty() ? "" : ":") + string_at(strings, path);
}

void read_symbols(std::string_view table, std::string_view strings, Elf& elf) {
    for (std::uint64_t at = sizeof(Elf64_Sym); at + sizeof(Elf64_Sym) <= table.size();
         at += sizeof(Elf64_Sym)) {
        const auto entry = read<Elf64_Sym>(table, at);
        const unsigned bind = ELF64_ST_BIND(entry.st_info);
        if (bind == STB_LOCAL) continue;
        Symbol symbol{string_at(strings, entry.st_name), bind == STB_GNU_UNIQUE, bind == STB_WEAK};
        if (symbol.name.empty()) continue;
        (entry.st_shndx == SHN_UNDEF ? elf.imports : elf.exports).push_back(std::move(symbol));
    }
}

void read_sections(std::string_view image, const Elf64_Ehdr& header, Elf& elf) {
    if (header.e_shnum == 0 || header.e_shentsize != sizeof(Elf64_Shdr))
        damaged("it has no section headers: strip it with strip, not more");
    std::vector<Elf64_Shdr> sections;
    for (unsigned i = 0; i < header.e_shnum; ++i)
        sections.push_back(read<Elf64_Shdr>(image, header.e_shoff + i * sizeof(Elf64_Shdr)));
    const auto content = [&](const Elf64_Shdr& section) {
        return slice(image, section.sh_offset, section.sh_size);
    };
    if (header.e_shstrndx >= sections.size()) damaged("its sections have no names");
    const std::string_view names = content(sections[header.e_shstrndx]);
    for (const Elf64_Shdr& each : sections) {
        if (each.sh_type == SHT_DYNSYM) {
            if (each.sh_link >= sections.size()) damaged("its symbols have no names");
            read_symbols(content(each), content(sections[each.sh_link]), elf);
        }
        if (each.sh_type == SHT_PROGBITS &&
            string_at(names, each.sh_name) == testing::kCasesSection)
            elf.cases = content(each);
    }
}

}  // namespace

Elf read_elf(std::string_view image) {
    if (!image.starts_with(std::string_view{ELFMAG, SELFMAG}))
        damaged("not a shared library: it has no ELF header");
    const auto header = read<Elf64_Ehdr>(image, 0);
    if (header.e_ident[EI_CLASS] != ELFCLASS64 || header.e_ident[EI_DATA] != ELFDATA2LSB)
        damaged("not a 64-bit little-endian library");
    if (header.e_type != ET_DYN) damaged("not a shared library");
    if (header.e_machine != kMachine) damaged("made for another machine");
    if (header.e_phentsize != sizeof(Elf64_Phdr)) damaged("its program headers are implausible");
    Elf elf;
    std::vector<Elf64_Phdr> segments;
    for (unsigned i = 0; i < header.e_phnum; ++i)
        segments.push_back(read<Elf64_Phdr>(image, header.e_phoff + i * sizeof(Elf64_Phdr)));
    const Addresses addresses{image, segments};
    for (const Elf64_Phdr& each : segments) {
        if (each.p_type == PT_NULL || each.p_filesz == 0) {
            if (each.p_type == PT_GNU_RELRO) elf.relro = true;
            continue;
        }
        const std::string_view bytes = slice(image, each.p_offset, each.p_filesz);
        elf.image_end =
            std::max(elf.image_end, static_cast<std::size_t>(each.p_offset + each.p_filesz));
        if (each.p_type == PT_LOAD) elf.loaded_size += each.p_filesz;
        if (each.p_type == PT_GNU_RELRO) elf.relro = true;
        if (each.p_type == PT_NOTE) read_notes(bytes, each.p_align == 8 ? 8 : 4, elf);
        if (each.p_type == PT_DYNAMIC) read_dynamic(bytes, addresses, elf);
    }
    read_sections(image, header, elf);
    return elf;
}

}  // namespace trunkline::conform
