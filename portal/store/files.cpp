#include "portal/store/files.hpp"

namespace trunkline::portal::store {

void add_file(Database& database, const OwnFile& file, WallMs now) {
    database.run(
        "INSERT INTO files(id, name, mime, size, sha256, created) VALUES(?, ?, ?, ?, ?, ?)",
        file.id,
        file.name,
        file.mime,
        file.size,
        file.sha256,
        now
    );
}

std::optional<OwnFile> find_file(Database& database, const std::string& id) {
    Statement row =
        database.query("SELECT id, name, mime, sha256, size FROM files WHERE id = ?", id);
    if (!row.step()) return std::nullopt;
    return OwnFile{row.text(0), row.text(1), row.text(2), row.text(3), row.number(4)};
}

bool file_is_free(Database& database, const std::string& id) {
    Statement row = database.query("SELECT 1 FROM files WHERE id = ? AND command IS NULL", id);
    return row.step();
}

std::vector<std::string> forget_unused_files(Database& database, WallMs older_than) {
    std::vector<std::string> ids;
    {
        Statement row = database.query(
            "SELECT id FROM files WHERE command IS NULL AND created < ? LIMIT 500", older_than
        );
        while (row.step())
            ids.push_back(row.text(0));
    }
    for (const auto& id : ids)
        database.run("DELETE FROM files WHERE id = ? AND command IS NULL", id);
    return ids;
}

}  // namespace trunkline::portal::store
