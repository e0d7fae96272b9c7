#include "portal/store/migrations.hpp"

#include <array>

namespace trunkline::portal::store {

namespace {

// `placed` is the portal-wide revision at which an entry appeared: the one order of everything on
// the page.
constexpr const char* kFirst = R"sql(
CREATE TABLE lanes(lane TEXT PRIMARY KEY, epoch INTEGER NOT NULL, sequence INTEGER NOT NULL) STRICT, WITHOUT ROWID;

CREATE TABLE events(
  position INTEGER PRIMARY KEY AUTOINCREMENT, id TEXT NOT NULL UNIQUE, lane TEXT NOT NULL, epoch INTEGER NOT NULL,
  sequence INTEGER NOT NULL, type TEXT NOT NULL, stored INTEGER NOT NULL, body TEXT NOT NULL,
  UNIQUE(lane, epoch, sequence)) STRICT;

CREATE TABLE gaps(
  id INTEGER PRIMARY KEY AUTOINCREMENT, lane TEXT NOT NULL, epoch INTEGER NOT NULL, first INTEGER NOT NULL,
  last INTEGER NOT NULL, explained INTEGER NOT NULL DEFAULT 0, reason TEXT NOT NULL DEFAULT '', placed INTEGER NOT NULL,
  seen INTEGER NOT NULL) STRICT;
CREATE INDEX gaps_of_lane ON gaps(lane, epoch, first);

CREATE TABLE conversations(
  id INTEGER PRIMARY KEY AUTOINCREMENT, account TEXT NOT NULL, external TEXT NOT NULL, connector TEXT NOT NULL DEFAULT '',
  line TEXT NOT NULL DEFAULT '', kind TEXT NOT NULL DEFAULT 'direct', title TEXT NOT NULL DEFAULT '',
  url TEXT NOT NULL DEFAULT '', customer TEXT NOT NULL DEFAULT '{}', last_text TEXT NOT NULL DEFAULT '',
  last_time INTEGER NOT NULL DEFAULT 0, last_placed INTEGER NOT NULL DEFAULT 0, unread INTEGER NOT NULL DEFAULT 0,
  UNIQUE(account, external)) STRICT;
CREATE INDEX conversations_by_last ON conversations(last_placed);

CREATE TABLE messages(
  id INTEGER PRIMARY KEY AUTOINCREMENT, conversation INTEGER NOT NULL REFERENCES conversations(id),
  placed INTEGER NOT NULL, kind TEXT NOT NULL, outgoing INTEGER NOT NULL DEFAULT 0, time INTEGER NOT NULL,
  sender TEXT NOT NULL DEFAULT '{}', body TEXT NOT NULL, remote TEXT NOT NULL DEFAULT '', event TEXT UNIQUE,
  command TEXT UNIQUE, client TEXT, late INTEGER NOT NULL DEFAULT 0, deleted INTEGER NOT NULL DEFAULT 0,
  revision INTEGER NOT NULL DEFAULT 0, edits INTEGER NOT NULL DEFAULT 0, state TEXT NOT NULL DEFAULT '',
  detail TEXT NOT NULL DEFAULT '{}', UNIQUE(conversation, client)) STRICT;
CREATE INDEX messages_of_conversation ON messages(conversation, id);

CREATE TABLE remotes(
  conversation INTEGER NOT NULL, remote TEXT NOT NULL, message INTEGER NOT NULL REFERENCES messages(id),
  PRIMARY KEY(conversation, remote)) STRICT, WITHOUT ROWID;

CREATE TABLE edits(
  message INTEGER NOT NULL REFERENCES messages(id), number INTEGER NOT NULL, time INTEGER NOT NULL, body TEXT NOT NULL,
  PRIMARY KEY(message, number)) STRICT, WITHOUT ROWID;

CREATE TABLE reactions(
  message INTEGER NOT NULL REFERENCES messages(id), sender TEXT NOT NULL, emoji TEXT NOT NULL,
  PRIMARY KEY(message, sender, emoji)) STRICT, WITHOUT ROWID;

CREATE TABLE notices(
  id INTEGER PRIMARY KEY AUTOINCREMENT, event TEXT NOT NULL UNIQUE, placed INTEGER NOT NULL, time INTEGER NOT NULL,
  code TEXT NOT NULL, text TEXT NOT NULL, detail TEXT NOT NULL) STRICT;

CREATE TABLE commands(
  number INTEGER PRIMARY KEY AUTOINCREMENT, id TEXT NOT NULL UNIQUE, conversation INTEGER NOT NULL, message INTEGER,
  type TEXT NOT NULL, body TEXT NOT NULL, stage TEXT NOT NULL DEFAULT 'waiting', files_missing INTEGER NOT NULL DEFAULT 0,
  state TEXT NOT NULL DEFAULT 'saved', detail TEXT NOT NULL DEFAULT '{}', created INTEGER NOT NULL,
  expires INTEGER NOT NULL, maybe_arrived INTEGER NOT NULL DEFAULT 0) STRICT;
CREATE INDEX commands_waiting ON commands(number) WHERE stage = 'waiting';
CREATE INDEX commands_of_message ON commands(message);

CREATE TABLE files(
  id TEXT PRIMARY KEY, name TEXT NOT NULL, mime TEXT NOT NULL, size INTEGER NOT NULL, sha256 TEXT NOT NULL,
  created INTEGER NOT NULL, command TEXT, media TEXT NOT NULL DEFAULT '', failure TEXT NOT NULL DEFAULT '') STRICT;
CREATE INDEX files_of_command ON files(command) WHERE command IS NOT NULL;

CREATE TABLE changes(
  rev INTEGER PRIMARY KEY AUTOINCREMENT, kind TEXT NOT NULL, conversation INTEGER NOT NULL, item INTEGER NOT NULL) STRICT;
)sql";

constexpr std::array kMigrations{kFirst};

}  // namespace

Result<void> migrate(Database& database) {
    std::int64_t version = 0;
    {
        Statement row = database.query("PRAGMA user_version");
        if (row.step()) version = row.number(0);
    }
    const auto known = static_cast<std::int64_t>(kMigrations.size());
    if (version > known) {
        return Error{
            Fault::storage,
            "the store has version " + std::to_string(version) + ", this program knows " +
                std::to_string(known)};
    }
    for (; version < known; ++version) {
        database.begin();
        database.execute(kMigrations[static_cast<std::size_t>(version)]);
        database.execute("PRAGMA user_version=" + std::to_string(version + 1));
        if (auto kept = database.commit(); !kept) return kept.error();
    }
    return {};
}

}  // namespace trunkline::portal::store
