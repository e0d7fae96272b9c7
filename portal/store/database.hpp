#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <type_traits>
#include <unordered_map>
#include <utility>

#include "host/base/result.hpp"

struct sqlite3;
struct sqlite3_stmt;

namespace trunkline::portal::store {

class Database;

/// One run of a prepared statement; gives it back, reset, when it goes. Borrowed text lives until
/// the next `step`.
class Statement {
public:
    Statement(Database& database, sqlite3_stmt* handle) : database_{database}, handle_{handle} {}
    ~Statement();
    Statement(Statement&& other) noexcept
        : database_{other.database_}, handle_{std::exchange(other.handle_, nullptr)} {}
    Statement(const Statement&) = delete;
    Statement& operator=(const Statement&) = delete;

    bool step(
    );  ///< true: a row is there. False: the end, or a failure that the database remembers.

    std::int64_t number(int column) const;
    std::string text(int column) const;
    bool null(int column) const;

    void bind(int index, std::int64_t value);
    void bind(int index, std::string_view value);
    void bind(int index, std::nullptr_t);

private:
    Database& database_;
    sqlite3_stmt* handle_;
};

/// One SQLite connection with its prepared statements. A resource; used by one thread at a time.
///
/// A failed call is remembered until the transaction ends, and `commit` then rolls back: queries in
/// between read as empty, so that callers test once, at the end, and half a change is never kept.
class Database {
public:
    enum class Mode { read_write, read_only };

    /// `path` may be ":memory:". Fails with `storage` naming the path and SQLite's words.
    static Result<std::unique_ptr<Database>> open(const std::string& path, Mode mode);
    ~Database();
    Database(const Database&) = delete;
    Database& operator=(const Database&) = delete;

    /// `sql` must be a literal: it is the key under which the prepared statement is kept.
    template <class... Values>
    Statement query(const char* sql, const Values&... values) {
        Statement statement{*this, prepared(sql)};
        int index = 0;
        (bind_one(statement, ++index, values), ...);
        return statement;
    }

    template <class... Values>
    void run(const char* sql, const Values&... values) {
        Statement statement = query(sql, values...);
        while (statement.step()) {
        }
    }

    void execute(const std::string& script);  ///< several statements, not kept

    void begin();
    Result<void> commit();  ///< `storage` when anything since `begin` failed; nothing is kept then
    void rollback();

    std::int64_t last_id() const;
    std::int64_t changed_rows() const;
    bool failed() const noexcept { return !failure_.empty(); }
    const std::string& failure() const noexcept { return failure_; }

private:
    friend class Statement;
    explicit Database(sqlite3* handle) : handle_{handle} {}
    sqlite3_stmt* prepared(const char* sql);
    void remember(const char* what);

    template <class Value>
    static void bind_one(Statement& statement, int index, const Value& value) {
        if constexpr (std::is_same_v<Value, std::nullptr_t>) {
            statement.bind(index, nullptr);
        } else if constexpr (std::is_integral_v<Value>) {
            statement.bind(index, static_cast<std::int64_t>(value));
        } else {
            statement.bind(index, std::string_view{value});
        }
    }

    sqlite3* handle_;
    std::unordered_map<const char*, sqlite3_stmt*> statements_;
    std::string failure_;
};

}  // namespace trunkline::portal::store
