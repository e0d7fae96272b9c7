#pragma once

#include <optional>
#include <string>
#include <vector>

#include <boost/json/object.hpp>

#include "host/base/clock.hpp"
#include "portal/store/database.hpp"

namespace trunkline::portal::store {

/// A file an operator chose. Its bytes lie under its id in the folder of files.
struct OwnFile {
    std::string id, name, mime, sha256;
    std::int64_t size = 0;
};

void add_file(Database& database, const OwnFile& file, WallMs now);
std::optional<OwnFile> find_file(Database& database, const std::string& id);
/// True when no message took it yet: one upload is sent once.
bool file_is_free(Database& database, const std::string& id);

/// Uploads that no message took within a day: forgotten here, their ids given back so that the
/// bytes can be removed.
std::vector<std::string> forget_unused_files(Database& database, WallMs older_than);

}  // namespace trunkline::portal::store
