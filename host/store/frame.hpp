#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "host/base/result.hpp"
#include "host/store/keys.hpp"

/// What the journal writes at once: the changes of one group of batches, with what is needed to
/// find them again among older bytes and to know whether any are missing.
namespace trunkline::store {

/// Frames begin and end at multiples of it. Disks write that much whole; the block that a sync
/// writes again with its neighbours does not change.
inline constexpr std::size_t kFrameBlock = 512;
inline constexpr std::size_t kFrameHeader = 64;

struct FrameHeader {
    std::uint64_t sequence = 0;         ///< one more than that of the frame before, for ever
    std::uint64_t settled_through = 0;  ///< frames up to this one are not needed any more
    std::uint64_t synced_through = 0;   ///< frames up to this one were on disk when it was written

    bool operator==(const FrameHeader&) const = default;
};

/// The size of a frame with that many bytes of changes.
constexpr std::size_t frame_bytes(std::size_t changes) noexcept {
    return (kFrameHeader + changes + kFrameBlock - 1) / kFrameBlock * kFrameBlock;
}

/// Completes a frame: `frame` begins with room for the header, behind it stand the changes. `seed`
/// is the store's own secret, so that nobody else's bytes can look like a frame.
void seal_frame(const FrameHeader& header, std::string_view seed, std::string& frame);

/// What stands at the beginning of `bytes`, when it begins like a frame. Whether it is one, only
/// `open_frame` tells: this looks at its first bytes alone.
struct FrameOutline {
    FrameHeader header;
    std::uint64_t changes = 0;  ///< bytes of them, as it says itself
};
std::optional<FrameOutline> outline_frame(std::string_view bytes) noexcept;

/// The changes in the whole frame that `bytes` begins with; nothing when there is none.
std::optional<std::string_view> open_frame(std::string_view bytes, std::string_view seed);

struct FoundFrame {
    FrameHeader header;
    std::size_t at = 0;     ///< of its first byte
    std::size_t bytes = 0;  ///< with header and padding
    std::string_view changes;
};

/// Calls `found` for every whole frame in `bytes`, wherever it begins. For tests and tools, which
/// look at a journal's files from outside.
void find_frames(
    std::string_view bytes,
    std::string_view seed,
    const std::function<void(const FoundFrame&)>& found
);

/// One change within a frame.
struct Change {
    Family family = Family::meta;
    bool erased = false;
    std::string_view key;
    std::string_view value;
};

void append_change(const Change& change, std::string& to);

/// Calls `take(const Change&)` with each change of a frame, in their order. False: these are no
/// changes.
template <class Take>
bool for_each_change(std::string_view changes, Take take);

namespace detail {
bool next_change(std::string_view& rest, Change& change);
}

template <class Take>
bool for_each_change(std::string_view changes, Take take) {
    Change change;
    while (!changes.empty()) {
        if (!detail::next_change(changes, change)) return false;
        take(change);
    }
    return true;
}

}  // namespace trunkline::store
