#pragma once

#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <utility>

#include "host/base/result.hpp"
#include "host/store/keys.hpp"

namespace trunkline::store {

/// Changes that are applied together or not at all. One thread. Bytes are copied in.
class Writes {
public:
    virtual ~Writes() = default;
    virtual void put(Family family, std::string_view key, std::string_view value) = 0;
    virtual void erase(Family family, std::string_view key) = 0;
    virtual bool empty() const = 0;
    virtual void clear() = 0;
};

/// Walks the keys of one family in order. What it shows is how things were when it was made.
class Cursor {
public:
    virtual ~Cursor() = default;
    virtual bool valid() const = 0;
    virtual void next() = 0;
    virtual std::string_view key() const = 0;    ///< until the next move
    virtual std::string_view value() const = 0;  ///< until the next move
    virtual Result<void> status() const = 0;  ///< once it is no longer valid: did it end, or fail
};

using LaneHead = std::pair<LaneId, Sequence>;

/// Where rows are kept. The store's rules are above it, so that disk and memory share every one of
/// them. Reads and `apply` are safe from any thread; what follows them belongs to the committer.
class Medium {
public:
    virtual ~Medium() = default;

    /// True and the value, or false when there is no such key.
    virtual Result<bool> get(Family family, std::string_view key, std::string& value) const = 0;
    /// From `from` on, up to `until` (exclusive; "" = to the end of the family).
    virtual std::unique_ptr<Cursor> cursor(
        Family family, std::string_view from, std::string_view until
    ) const = 0;

    /// The same without waiting for a disk. When what is asked for is not at hand, it ends there,
    /// and its status is `unavailable`.
    virtual std::unique_ptr<Cursor> cursor_at_hand(
        Family family, std::string_view from, std::string_view until
    ) const {
        return cursor(family, from, until);
    }

    virtual std::unique_ptr<Writes> writes() = 0;
    /// All of `writes`, or none and `storage`. `synced`: it outlives a power cut, with all that was
    /// applied before it.
    virtual Result<void> apply(Writes& writes, bool synced) = 0;

    /// These heads are known to be synced: records below them are garbage and may go.
    virtual void heads_synced(std::span<const LaneHead> heads) = 0;
    /// All heads are loaded: garbage may be collected from now on.
    virtual void start_collecting() = 0;

    /// After `apply` failed: tries to make writing possible again. True: it had to be opened anew,
    /// so what the failed write held may be there after all.
    virtual Result<bool> resume() = 0;
    /// No call may come after it.
    virtual void close() = 0;
};

}  // namespace trunkline::store
