#pragma once

#include <array>
#include <map>
#include <memory_resource>
#include <optional>
#include <shared_mutex>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "host/store/frame.hpp"

namespace trunkline::store {

/// What one file of the journal holds, where it can be looked up: the newest change of each key.
/// Frames are taken as they were written, and keys and values point into them. One thread adds;
/// looking is safe from any.
class Generation {
public:
    /// A value or, erased, the word that there is none. The view lives as long as the generation.
    struct Value {
        std::string_view bytes;
        bool erased = false;
    };
    struct Entry {
        std::string_view key;
        Value value;
    };

    Generation();
    Generation(const Generation&) = delete;
    Generation& operator=(const Generation&) = delete;

    /// `frame` is complete; `changes` is the size of what stands behind its header.
    void add(std::string frame, std::size_t changes, std::uint64_t sequence);

    bool empty() const noexcept { return last_ == 0; }
    std::uint64_t last() const noexcept { return last_; }  ///< sequence of its newest frame

    std::optional<Value> find(Family family, std::string_view key) const;
    /// The first entry at `from`, or, exclusively, behind it. Not for families that are only looked
    /// up by key (see `ordered`).
    std::optional<Entry> next(Family family, std::string_view from, bool inclusive) const;

    /// Everything, family by family in the order of keys. Nothing may be added any more.
    void for_each(const std::function<void(Family, const Entry&)>& each) const;

    /// Heads, conversations and what was seen change with every event and are never walked through
    /// while the store runs: they need no order, and finding their place would cost the most.
    static constexpr bool ordered(Family family) noexcept {
        return family != Family::head && family != Family::seen && family != Family::conv;
    }

private:
    using Ordered = std::pmr::map<std::string_view, Value>;
    using Hashed = std::pmr::unordered_map<std::string_view, Value>;

    mutable std::shared_mutex mutex_;
    std::pmr::monotonic_buffer_resource memory_;
    std::vector<std::string> frames_;
    std::vector<Ordered> ordered_;  ///< by family
    std::vector<Hashed> hashed_;    ///< by family
    std::uint64_t last_ = 0;
};

}  // namespace trunkline::store
