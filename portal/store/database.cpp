#include "portal/store/database.hpp"

#include <sqlite3.h>

namespace trunkline::portal::store {

Statement::~Statement() {
    if (handle_ == nullptr) return;
    sqlite3_reset(handle_);
    sqlite3_clear_bindings(handle_);
}

bool Statement::step() {
    if (handle_ == nullptr || database_.failed()) return false;
    const int code = sqlite3_step(handle_);
    if (code == SQLITE_ROW) return true;
    if (code != SQLITE_DONE) database_.remember("step");
    return false;
}

std::int64_t Statement::number(int column) const {
    return sqlite3_column_int64(handle_, column);
}

std::string Statement::text(int column) const {
    const auto* bytes = sqlite3_column_text(handle_, column);
    const auto size = static_cast<std::size_t>(sqlite3_column_bytes(handle_, column));
    return bytes == nullptr ? std::string{}
                            : std::string{reinterpret_cast<const char*>(bytes), size};
}

bool Statement::null(int column) const {
    return sqlite3_column_type(handle_, column) == SQLITE_NULL;
}

void Statement::bind(int index, std::int64_t value) {
    if (handle_ != nullptr && sqlite3_bind_int64(handle_, index, value) != SQLITE_OK)
        database_.remember("bind");
}

void Statement::bind(int index, std::string_view value) {
    if (handle_ == nullptr) return;
    const int code = sqlite3_bind_text64(
        handle_,
        index,
        value.data() == nullptr ? "" : value.data(),
        value.size(),
        SQLITE_TRANSIENT,
        SQLITE_UTF8
    );
    if (code != SQLITE_OK) database_.remember("bind");
}

void Statement::bind(int index, std::nullptr_t) {
    if (handle_ != nullptr && sqlite3_bind_null(handle_, index) != SQLITE_OK)
        database_.remember("bind");
}

Result<std::unique_ptr<Database>> Database::open(const std::string& path, Mode mode) {
    sqlite3* handle = nullptr;
    const int flags = SQLITE_OPEN_NOMUTEX |
                      (mode == Mode::read_only ? SQLITE_OPEN_READONLY
                                               : SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE);
    const int code = sqlite3_open_v2(path.c_str(), &handle, flags, nullptr);
    std::unique_ptr<Database> database{new Database{handle}};
    if (code != SQLITE_OK) {
        const char* why = handle == nullptr ? "out of memory" : sqlite3_errmsg(handle);
        return Error{Fault::storage, "open " + path + ": " + why};
    }
    sqlite3_busy_timeout(handle, 5'000);
    // FULL: the host forgets an event once we answered, so the answer must mean "on disk", also
    // after a power cut.
    database->execute(
        mode == Mode::read_only
            ? "PRAGMA query_only=1;"
            : "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL; PRAGMA foreign_keys=ON;"
    );
    if (database->failed())
        return Error{Fault::storage, "prepare " + path + ": " + database->failure()};
    return database;
}

Database::~Database() {
    for (auto& [sql, statement] : statements_)
        sqlite3_finalize(statement);
    sqlite3_close_v2(handle_);
}

sqlite3_stmt* Database::prepared(const char* sql) {
    if (const auto found = statements_.find(sql); found != statements_.end()) return found->second;
    sqlite3_stmt* statement = nullptr;
    if (sqlite3_prepare_v3(handle_, sql, -1, SQLITE_PREPARE_PERSISTENT, &statement, nullptr) !=
        SQLITE_OK) {
        remember("prepare");
        return nullptr;
    }
    statements_.emplace(sql, statement);
    return statement;
}

void Database::execute(const std::string& script) {
    if (sqlite3_exec(handle_, script.c_str(), nullptr, nullptr, nullptr) != SQLITE_OK)
        remember("execute");
}

void Database::begin() {
    failure_.clear();
    execute("BEGIN IMMEDIATE");
}

Result<void> Database::commit() {
    if (!failed()) execute("COMMIT");
    if (!failed()) return {};
    Error error{Fault::storage, failure_};
    rollback();
    return error;
}

void Database::rollback() {
    if (sqlite3_get_autocommit(handle_) == 0)
        sqlite3_exec(handle_, "ROLLBACK", nullptr, nullptr, nullptr);
    failure_.clear();
}

std::int64_t Database::last_id() const {
    return sqlite3_last_insert_rowid(handle_);
}
std::int64_t Database::changed_rows() const {
    return sqlite3_changes64(handle_);
}

void Database::remember(const char* what) {
    if (failure_.empty()) failure_ = std::string{what} + ": " + sqlite3_errmsg(handle_);
}

}  // namespace trunkline::portal::store
