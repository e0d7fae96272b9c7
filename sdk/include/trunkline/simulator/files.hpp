#pragma once

#include <cstdint>
#include <map>
#include <string>

#include "trunkline/simulator/http.hpp"

namespace trunkline::simulator {

struct File {
    std::string id, unique_id, path, mime, name;
    std::string kind;  ///< "photo", "voice", ... as the messenger calls it
    std::string bytes;
    std::uint64_t size = 0;  ///< what the messenger says it is; the bytes' own unless a test claims
                             ///< another
};

/// The files of a simulator, in memory: at most 256 MiB of them, beyond which it forgets rather
/// than grows. On the loop.
class Files {
public:
    const File& add(File file);  ///< `id` and `path` are the caller's choice, and unique
    const File* find(const std::string& id) const;
    const File* find_path(const std::string& path) const;
    void clear();

private:
    std::map<std::string, File> files_;
    std::map<std::string, std::string> paths_;
    std::uint64_t total_ = 0;
};

/// A file as a download, or the part of it that a Range header asks for (RFC 9110 section 14.2).
Response serve(const File& file, std::string_view range, const std::string& mime);

}  // namespace trunkline::simulator
