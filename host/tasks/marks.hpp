#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "host/store/store.hpp"
#include "host/tasks/input.hpp"

/// What is on disk about calls that must not happen twice: "started", and the reply while the task
/// is still open.
namespace trunkline::tasks {

struct Mark {
    std::uint32_t step = 0;
    std::uint64_t fingerprint = 0;
    std::string seed;            ///< of the task's random bytes; "" = none were drawn
    std::optional<Input> reply;  ///< absent: the call may have happened
    bool matched = true;  ///< false: loaded, and the task has not asked for this call again yet
};

/// Version 1 of a row's value; the store encrypts it.
std::string encode_mark(const Mark& mark);
std::optional<Mark> decode_mark(std::uint32_t step, std::string_view value);

/// The rows of one account's tasks: key = account + '\0' + durable key + '\0' + step (four bytes,
/// big-endian).
std::string mark_key(
    const std::string& account, const std::string& durable_key, std::uint32_t step
);

using MarksByTask = std::map<std::string, std::vector<Mark>>;  ///< by durable key

/// All marks of an account. Blocks. A row that does not decode is a damaged store: `storage`.
Result<MarksByTask> load_marks(const store::Store& store, const std::string& account);

}  // namespace trunkline::tasks
