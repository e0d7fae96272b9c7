#pragma once

#include <array>
#include <cstdint>
#include <cstring>
#include <string>
#include <string_view>

#include "host/store/store.hpp"

/// How the store's rows are keyed. Numbers are big endian, so that a lane is one stretch in order
/// of sequence.
namespace trunkline::store {

/// What RocksDB calls column families. Values are part of what is sealed; never renumber.
enum class Family : std::uint8_t {
    meta = 0,  ///< the store's version and the proof of its key
    msg = 1,   ///< lane, sequence -> record
    head = 2,  ///< lane -> head, finished ones beyond it, delivery state
    lane = 3,  ///< name -> id, epoch
    dead = 4,  ///< lane, sequence -> dead letter
    seen = 5,  ///< digest of a dedup text -> until when it is a repeat
    conv = 6,  ///< lane, digest of a conversation -> Conversation
    row = 7,   ///< table, key -> small row
};
constexpr std::size_t kFamilies = 8;
constexpr std::array<const char*, kFamilies> kFamilyNames{
    "default", "msg", "head", "lane", "dead", "seen", "conv", "row"};

constexpr std::size_t index_of(Family family) noexcept {
    return static_cast<std::size_t>(family);
}

/// Stands for a text in a key: of one size, and tells nothing of the text.
using Digest = std::array<char, 16>;

/// Digests are as good as random already.
struct DigestHash {
    std::size_t operator()(const Digest& digest) const noexcept {
        std::size_t hash = 0;
        std::memcpy(&hash, digest.data(), sizeof hash);
        return hash;
    }
};

inline std::string_view view(const Digest& digest) noexcept {
    return {digest.data(), digest.size()};
}

/// A key of fixed parts, without the heap.
class Key {
public:
    static Key of_lane(LaneId lane) noexcept;
    static Key of_record(LaneId lane, Sequence sequence) noexcept;
    static Key of_conversation(LaneId lane, const Digest& conversation) noexcept;

    std::string_view view() const noexcept { return {bytes_.data(), size_}; }
    bool operator==(const Key& other) const noexcept { return view() == other.view(); }

private:
    void add(std::uint64_t value, std::size_t bytes) noexcept;

    std::array<char, 20> bytes_{};
    std::size_t size_ = 0;
};

/// The reverse of `Key::of_record`; false for a key of another shape.
bool parse_record_key(std::string_view key, LaneId& lane, Sequence& sequence) noexcept;

std::string row_key(Table table, std::string_view key);

/// The least key that does not start with `prefix`; "" when there is none.
std::string after_prefix(std::string prefix);

}  // namespace trunkline::store
