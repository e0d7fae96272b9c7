#include "host/store/frame.hpp"

#include "host/base/assert.hpp"
#include "host/seal/crypto.hpp"
#include "host/store/bytes.hpp"

namespace trunkline::store {
namespace {

constexpr std::string_view kMagic = "TLJRNL1\n";
constexpr std::size_t kDigest = 16;
constexpr std::size_t kDigested = kMagic.size() + 4 * sizeof(std::uint64_t);
static_assert(kDigested + kDigest <= kFrameHeader);

// With a secret in front, half of a SHA-256 can be neither made by others nor lengthened.
std::string digest(std::string_view seed, std::string_view head, std::string_view changes) {
    thread_local seal::Sha256 hash;
    hash.update(seed);
    hash.update(head);
    hash.update(changes);
    return hash.finish().substr(0, kDigest);
}

}  // namespace

void seal_frame(const FrameHeader& header, std::string_view seed, std::string& frame) {
    TRUNKLINE_ASSERT(frame.size() >= kFrameHeader);
    const auto changes = frame.size() - kFrameHeader;
    std::string head;
    head.reserve(kFrameHeader);
    Out{head}
        .raw(kMagic)
        .u64(header.sequence)
        .u64(header.settled_through)
        .u64(header.synced_through)
        .u64(changes);
    head += digest(seed, head, std::string_view{frame}.substr(kFrameHeader));
    head.resize(kFrameHeader, '\0');
    frame.replace(0, kFrameHeader, head);
    frame.resize(frame_bytes(changes), '\0');
}

std::optional<FrameOutline> outline_frame(std::string_view bytes) noexcept {
    if (bytes.size() < kFrameHeader || !bytes.starts_with(kMagic)) return std::nullopt;
    In in{bytes.substr(kMagic.size())};
    FrameOutline out;
    out.header.sequence = in.u64();
    out.header.settled_through = in.u64();
    out.header.synced_through = in.u64();
    out.changes = in.u64();
    return out;
}

std::optional<std::string_view> open_frame(std::string_view bytes, std::string_view seed) {
    const auto outline = outline_frame(bytes);
    if (!outline || outline->changes > bytes.size() - kFrameHeader) return std::nullopt;
    const auto changes = bytes.substr(kFrameHeader, static_cast<std::size_t>(outline->changes));
    if (digest(seed, bytes.substr(0, kDigested), changes) != bytes.substr(kDigested, kDigest))
        return std::nullopt;
    return changes;
}

void find_frames(
    std::string_view bytes,
    std::string_view seed,
    const std::function<void(const FoundFrame&)>& found
) {
    for (std::size_t at = 0; at < bytes.size();) {
        const auto rest = bytes.substr(at);
        const auto changes = open_frame(rest, seed);
        if (!changes) {
            at += kFrameBlock;
            continue;
        }
        const auto size = frame_bytes(changes->size());
        found({outline_frame(rest)->header, at, size, *changes});
        at += size;
    }
}

void append_change(const Change& change, std::string& to) {
    Out{to}
        .u8(static_cast<std::uint8_t>(change.family))
        .u8(change.erased ? 1 : 0)
        .text(change.key)
        .text(change.value);
}

bool detail::next_change(std::string_view& rest, Change& change) {
    In in{rest};
    const auto family = in.u8();
    const auto erased = in.u8();
    change.key = in.text();
    change.value = in.text();
    if (!in.ok() || family >= kFamilies || erased > 1) return false;
    change.family = static_cast<Family>(family);
    change.erased = erased == 1;
    rest = in.rest();
    return true;
}

}  // namespace trunkline::store
