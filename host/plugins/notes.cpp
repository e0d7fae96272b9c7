#include "host/plugins/notes.hpp"

#include <algorithm>
#include <cctype>
#include <filesystem>
#include <fstream>
#include <system_error>

#include <boost/json/parse.hpp>

#include "host/plugins/refused.hpp"

namespace trunkline::plugins {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t kManifestDepth = 16;

/// A version goes into labels, file lists and logs.
bool is_version(std::string_view text) {
    return !text.empty() && text.size() <= 64 && std::ranges::all_of(text, [](unsigned char c) {
        return std::isalnum(c) != 0 || c == '.' || c == '-' || c == '+' || c == '_';
    });
}

/// The deployed file may be written to meanwhile, so it is copied, not mapped.
Result<std::string> bytes_of(const fs::path& file, std::uint64_t bytes_max) {
    std::error_code error;
    const fs::file_status status = fs::status(file, error);
    if (error) return Error{Fault::not_found, "cannot be read: " + error.message()};
    if (status.type() != fs::file_type::regular) return refused("not a regular file");
    const auto size = fs::file_size(file, error);
    if (size > bytes_max || error)
        return refused("larger than " + std::to_string(bytes_max) + " bytes");
    std::ifstream in{file, std::ios::binary};
    std::string bytes(size, '\0');
    if (in) in.read(bytes.data(), static_cast<std::streamsize>(size));
    if (in.bad() || !in.is_open()) return Error{Fault::not_found, "cannot be read"};
    bytes.resize(static_cast<std::size_t>(in.gcount()));  // it may have become shorter meanwhile
    return bytes;
}

Result<Manifest> judge_file(
    const fs::path& file, std::uint64_t bytes_max, const SignaturePolicy& signatures
) {
    if (!is_connector_id(file.stem().string()))
        return refused("the file name is not a connector id ([a-z][a-z0-9_]{1,31}.so)");
    const auto bytes = bytes_of(file, bytes_max);
    if (!bytes) return bytes.error();
    const auto note =
        read_elf_note({reinterpret_cast<const std::uint8_t*>(bytes->data()), bytes->size()});
    if (!note) return note.error();
    auto manifest = judge_note(*note, file.string());
    if (!manifest) return manifest;
    if (auto fits = check_abi(*manifest); !fits) return fits.error();
    if (auto by = judge_signature(file.string(), *bytes, signatures); !by) return by.error();
    return manifest;
}

}  // namespace

bool is_connector_id(std::string_view text) {
    const auto lower = [](char c) { return c >= 'a' && c <= 'z'; };
    if (text.size() < 2 || text.size() > 32 || !lower(text.front())) return false;
    return std::ranges::all_of(text, [&](char c) {
        return lower(c) || (c >= '0' && c <= '9') || c == '_';
    });
}

bool is_connector_file(const std::string& file) {
    const fs::path path{file};
    return !path.filename().string().starts_with('.') && path.extension() == ".so";
}

std::string abi_text(std::uint32_t major, std::uint32_t minor) {
    return std::to_string(major) + "." + std::to_string(minor);
}

Result<Manifest> judge_note(const ElfNote& note, const std::string& file) {
    if (!is_connector_id(note.id)) return refused("its note has no valid connector id");
    if (!is_version(note.version)) return refused("its note has no valid version");
    Manifest manifest;
    manifest.id = ConnectorId{std::string{note.id}};
    manifest.version = note.version;
    manifest.title = note.title;
    manifest.abi_major = note.abi_major;
    manifest.abi_minor_min = note.abi_minor;

    boost::json::parse_options limits;
    limits.max_depth = kManifestDepth;
    boost::system::error_code error;
    auto json = boost::json::parse(note.manifest, error, {}, limits);
    if (error || !json.is_object()) return refused("its manifest is not a JSON object");
    manifest.json = std::move(json.as_object());
    const std::string name = std::filesystem::path{file}.stem().string();
    if (name != manifest.id.text()) {
        return refused(
            "its connector id is " + manifest.id.text() + ", so the file must be called " +
            manifest.id.text() + ".so"
        );
    }
    return manifest;
}

Result<void> check_abi(const Manifest& manifest) {
    if (manifest.abi_major == TL_ABI_MAJOR && manifest.abi_minor_min <= TL_ABI_MINOR) return {};
    return refused(
        "needs ABI " + abi_text(manifest.abi_major, manifest.abi_minor_min) + ", this host has " +
        abi_text(TL_ABI_MAJOR, TL_ABI_MINOR)
    );
}

Result<std::vector<FoundFile>> read_notes(
    const std::string& directory, std::uint64_t file_bytes_max, const SignaturePolicy& signatures
) {
    std::error_code error;
    std::vector<fs::path> files;
    for (const auto& entry : fs::directory_iterator{directory, error}) {
        if (is_connector_file(entry.path().string())) files.push_back(entry.path());
    }
    if (error) return Error{Fault::not_found, error.message()};
    std::ranges::sort(files);
    if (files.size() > kFilesMax) files.resize(kFilesMax);
    std::vector<FoundFile> found;
    for (const fs::path& file : files) {
        auto manifest = judge_file(file, file_bytes_max, signatures);
        found.push_back({file.stem().string(), {}, {}});
        if (manifest)
            found.back().manifest = *std::move(manifest);
        else
            found.back().error = manifest.error();
    }
    return found;
}

}  // namespace trunkline::plugins
