#include "host/store/codec.hpp"

#include <algorithm>

#include "host/store/bytes.hpp"

namespace trunkline::store {

namespace {

constexpr std::size_t kRecordHeader = 16 + 8 + 4 + 8;
constexpr std::size_t kTimeHeader = 8;

// Reused by the thread that writes or reads, so that a row costs no allocation once they have
// grown.
thread_local std::string header_scratch;
thread_local std::string plain_scratch;

bool read_ulid(In& in, Ulid& id) {
    const auto bytes = in.raw(id.bytes.size());
    if (!in.ok()) return false;
    std::transform(bytes.begin(), bytes.end(), id.bytes.begin(), [](char c) {
        return static_cast<std::uint8_t>(c);
    });
    return true;
}

}  // namespace

void write_record(
    const Vault& vault,
    std::string_view key,
    const Append& from,
    Sequence conversation_sequence,
    std::string& out
) {
    header_scratch.clear();
    plain_scratch.clear();
    Out{header_scratch}
        .raw(from.id.view())
        .ms(from.accepted_ms)
        .u32(from.flags)
        .u64(conversation_sequence);
    Out{plain_scratch}.text(from.conversation).u64(from.requeued).raw(from.body);
    vault.seal(Family::msg, key, header_scratch, plain_scratch, out);
}

bool read_record(
    const Vault& vault, std::string_view key, std::string_view stored, Record& record
) {
    if (!vault.open(Family::msg, key, stored, kRecordHeader, plain_scratch)) return false;
    In header{stored};
    if (!read_ulid(header, record.id)) return false;
    record.accepted_ms = header.ms();
    record.flags = header.u32();
    record.conversation_sequence = header.u64();
    In plain{plain_scratch};
    record.conversation = plain.text();
    record.requeued = plain.u64();
    record.body = plain.rest();
    return plain.ok();
}

void write_dead(
    const Vault& vault, std::string_view key, const DeadRecord& dead, std::string& out
) {
    header_scratch.clear();
    plain_scratch.clear();
    Out{header_scratch}.ms(dead.died_ms);
    const auto& record = dead.record;
    Out{plain_scratch}
        .raw(record.id.view())
        .ms(record.accepted_ms)
        .u32(record.flags)
        .u64(record.conversation_sequence)
        .text(record.conversation)
        .text(dead.reason)
        .text(dead.detail)
        .u32(static_cast<std::uint32_t>(dead.last_status))
        .u32(dead.attempts)
        .u64(record.requeued)
        .raw(record.body);
    vault.seal(Family::dead, key, header_scratch, plain_scratch, out);
}

bool read_dead(
    const Vault& vault, std::string_view key, std::string_view stored, DeadRecord& dead
) {
    if (!vault.open(Family::dead, key, stored, kTimeHeader, plain_scratch)) return false;
    dead.died_ms = leading_time(stored);
    In plain{plain_scratch};
    if (!read_ulid(plain, dead.record.id)) return false;
    dead.record.accepted_ms = plain.ms();
    dead.record.flags = plain.u32();
    dead.record.conversation_sequence = plain.u64();
    dead.record.conversation = plain.text();
    dead.reason = plain.text();
    dead.detail = plain.text();
    dead.last_status = static_cast<int>(plain.u32());
    dead.attempts = plain.u32();
    dead.record.requeued = plain.u64();
    dead.record.body = plain.rest();
    return plain.ok();
}

void write_row(const Vault& vault, std::string_view key, const Put& put, std::string& out) {
    header_scratch.clear();
    Out{header_scratch}.ms(put.expires_ms);
    vault.seal(Family::row, key, header_scratch, put.value, out);
}

bool read_row(const Vault& vault, std::string_view key, std::string_view stored, Row& row) {
    if (!vault.open(Family::row, key, stored, kTimeHeader, row.value)) return false;
    row.expires_ms = leading_time(stored);
    return true;
}

void write_conversation(
    const Vault& vault, std::string_view key, const Conversation& from, std::string& out
) {
    plain_scratch.clear();
    Out{plain_scratch}
        .u64(from.next_sequence)
        .ms(from.customer_first_ms)
        .ms(from.customer_last_ms)
        .text(from.note)
        .text(from.current)
        .text(from.kind);
    vault.seal(Family::conv, key, {}, plain_scratch, out);
}

bool read_conversation(
    const Vault& vault, std::string_view key, std::string_view stored, Conversation& to
) {
    if (!vault.open(Family::conv, key, stored, 0, plain_scratch)) return false;
    In plain{plain_scratch};
    to.next_sequence = plain.u64();
    to.customer_first_ms = plain.ms();
    to.customer_last_ms = plain.ms();
    to.note = plain.text();
    to.current = plain.text();
    to.kind = plain.text();
    return plain.ok();
}

void write_head(const HeadRow& from, std::string& out) {
    Out to{out};
    to.u64(from.head).u16(static_cast<std::uint16_t>(from.beyond.size()));
    for (const auto sequence : from.beyond)
        to.u64(sequence);
    to.text(from.state);
}

bool read_head(std::string_view stored, HeadRow& to) {
    In in{stored};
    to.head = in.u64();
    to.beyond.clear();
    for (std::uint16_t left = in.u16(); left > 0 && in.ok(); --left)
        to.beyond.push_back(in.u64());
    to.state = in.text();
    return in.ok() && in.rest().empty() && std::is_sorted(to.beyond.begin(), to.beyond.end());
}

void write_lane(const LaneRow& from, std::string& out) {
    Out{out}.u32(from.id).u64(from.epoch);
}

bool read_lane(std::string_view stored, LaneRow& to) {
    In in{stored};
    to.id = in.u32();
    to.epoch = in.u64();
    return in.ok() && in.rest().empty();
}

WallMs leading_time(std::string_view stored) noexcept {
    In in{stored};
    return in.ms();
}

}  // namespace trunkline::store
