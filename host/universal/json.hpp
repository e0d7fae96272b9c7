#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "host/base/clock.hpp"
#include "host/base/result.hpp"
#include "host/universal/universal.pb.h"

/// The JSON form of events and commands (contract, section 6). Hand-written, because protobuf's own
/// mapping prints 64-bit numbers as strings and costs many times as much. All functions are safe
/// from any thread.
namespace trunkline::universal {

/// Bounds of what is read. What exceeds one is refused with the member's path, never cut.
inline constexpr std::size_t kJsonBytesMax = 1024 * 1024;
inline constexpr std::size_t kJsonDepthMax = 32;
inline constexpr std::size_t kTextCodePointsMax = 64 * 1024;
inline constexpr std::size_t kNameBytesMax =
    4096;  ///< of ids, names, titles, file names and the like
inline constexpr std::size_t kUrlBytesMax = 8192;
inline constexpr std::size_t kAttachmentsMax = 100;
inline constexpr std::size_t kSpansMax = 1000;
inline constexpr std::size_t kButtonsMax = 100;  ///< of all rows together
inline constexpr std::size_t kCommandsMax = 100;
inline constexpr std::size_t kCommandIdBytesMax = 128;
inline constexpr std::int64_t kExpiresMsMax = std::int64_t{14} * 24 * 3600 * 1000;

/// Appends `event` as one JSON object, as a portal receives it: members in the contract's order,
/// what stays inside the host (`ref`) left out, invalid UTF-8 replaced by U+FFFD.
void write_json(const Event& event, std::string& out);

/// Reads what a connector reports: the universal form, with `ref` in place of an attachment's
/// `url`. Ids may be integers. Members nobody here knows, at the top and in `message`, are kept in
/// `extra` and written back. Spans must lie inside the text; one that begins inside and ends behind
/// is clipped, empty ones are dropped. `conversation.id` may be missing: the border's item names
/// the conversation. `malformed`, naming the member's path and never its content.
Result<Event> read_event(std::string_view json);
/// The same into an event of the caller's, which is empty, and may be in an arena; afterwards it is
/// good only when there is no error.
Result<void> read_event(std::string_view json, Event& out);

/// Reads what `write_json` wrote: `read_event` and the host's own members too. For tests and for a
/// portal.
Result<Event> read_written_event(std::string_view json);

/// One command, or why it is none. `id` is there when it could be read at all.
struct ReadCommand {
    Command command;  ///< meaningful when `code` is empty
    std::string id;
    std::string code;  ///< `malformed`, `too_large` or `unsupported`
    std::string
        message;  ///< for a person: the member's path and what was expected; never its content
};

/// Reads a portal's `{"commands":[...]}`. A bad command spoils no other. The whole fails with
/// `malformed` only when it is not such a document, or holds more than 100 commands or 1 MiB.
/// Unknown members of a command are refused.
Result<std::vector<ReadCommand>> read_commands(std::string_view json);

/// The same checks for a command that came as protobuf; empty strings when it is good.
ReadCommand check_command(Command command);

/// Appends a command as a connector gets it: attachments carry `file`, `public_url`, `size`,
/// `mime`, `name`.
void write_command_json(const Command& command, std::string& out);

/// The request body of one batch. `events` are borrowed; there may be none (opening a portal);
/// `backlog` may be null.
struct BatchHead {
    std::string_view portal, lane;
    std::uint64_t epoch = 0;
    const Backlog* backlog = nullptr;  ///< there while more than a batch waits
};
std::string write_batch_json(const BatchHead& head, std::span<const Event* const> events);
/// The same as protobuf (`format: protobuf`).
std::string write_batch_protobuf(const BatchHead& head, std::span<const Event* const> events);

/// Takes out what must not leave the host (`ref`, `avatar_ref`, host file ids).
void strip_internal(Event& event);

/// `{"code","message","permanent"}` and the like, for those who write JSON beside events: a quoted,
/// escaped string.
void append_json_string(std::string_view text, std::string& out);

}  // namespace trunkline::universal
