#pragma once

#include <algorithm>
#include <string>
#include <string_view>

/// What connectors are told as the id of a command, and back. They derive idempotency tokens from
/// it, so each part of a split command needs its own: "c-1" becomes "c-1/0", "c-1/1", ... Pure.
/// `[any]`
namespace trunkline::universal {

/// Where the part's suffix begins; `npos` when there is none.
inline std::size_t part_suffix(std::string_view id) noexcept {
    const std::size_t slash = id.rfind('/');
    if (slash == std::string_view::npos || slash == 0 || slash + 1 == id.size())
        return std::string_view::npos;
    const std::string_view digits = id.substr(slash + 1);
    const bool number =
        std::all_of(digits.begin(), digits.end(), [](char c) { return c >= '0' && c <= '9'; });
    return number ? slash : std::string_view::npos;
}

/// A whole command keeps its id, unless that looks like a part's: then it becomes its own only
/// part, so that taking the suffix off is never wrong.
inline std::string part_id(const std::string& command, std::size_t part, std::size_t parts) {
    if (parts == 1 && part_suffix(command) == std::string_view::npos) return command;
    return command + '/' + std::to_string(part);
}

/// The command that `id`, as `part_id` made it, is of.
inline std::string_view command_of_part(std::string_view id) noexcept {
    return id.substr(0, part_suffix(id));
}

}  // namespace trunkline::universal
