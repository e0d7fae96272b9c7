#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "host/store/store.hpp"
#include "host/store/vault.hpp"

/// What the store's values look like. Every `read_*` is false for bytes that this program did not
/// write there.
///
/// msg   id 16, accepted u64, flags u32, conversation sequence u64 | sealed: conversation, requeued
/// u64, body dead  died u64 | sealed: the record, reason, detail, status, attempts row   expires
/// u64 | sealed: value conv  sealed: Conversation seen  until u64 head  head u64, count u16, that
/// many u64, state lane  id u32, epoch u64
namespace trunkline::store {

void write_record(
    const Vault& vault,
    std::string_view key,
    const Append& from,
    Sequence conversation_sequence,
    std::string& out
);
/// `record.sequence` is the caller's to fill.
bool read_record(const Vault& vault, std::string_view key, std::string_view stored, Record& record);

void write_dead(const Vault& vault, std::string_view key, const DeadRecord& dead, std::string& out);
bool read_dead(const Vault& vault, std::string_view key, std::string_view stored, DeadRecord& dead);

void write_row(const Vault& vault, std::string_view key, const Put& put, std::string& out);
/// `row.key` is the caller's to fill.
bool read_row(const Vault& vault, std::string_view key, std::string_view stored, Row& row);

void write_conversation(
    const Vault& vault, std::string_view key, const Conversation& from, std::string& out
);
bool read_conversation(
    const Vault& vault, std::string_view key, std::string_view stored, Conversation& to
);

struct HeadRow {
    Sequence head = 1;
    std::vector<Sequence> beyond;
    std::string state;
};
void write_head(const HeadRow& from, std::string& out);
bool read_head(std::string_view stored, HeadRow& to);

struct LaneRow {
    LaneId id = 0;
    std::uint64_t epoch = 0;
};
void write_lane(const LaneRow& from, std::string& out);
bool read_lane(std::string_view stored, LaneRow& to);

/// The time in front of a row, a dead letter or a seen mark, plain, so that a compaction can read
/// it. 0 if there is none.
WallMs leading_time(std::string_view stored) noexcept;

}  // namespace trunkline::store
