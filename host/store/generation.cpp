#include "host/store/generation.hpp"

#include <algorithm>
#include <mutex>

#include "host/base/assert.hpp"

namespace trunkline::store {
namespace {

constexpr std::size_t kFirstPiece = 64U << 10U;

}  // namespace

Generation::Generation() : memory_{kFirstPiece} {
    ordered_.reserve(kFamilies);
    hashed_.reserve(kFamilies);
    for (std::size_t i = 0; i < kFamilies; ++i) {
        ordered_.emplace_back(&memory_);
        hashed_.emplace_back(&memory_);
    }
}

void Generation::add(std::string frame, std::size_t changes, std::uint64_t sequence) {
    // The text itself stays where it is when its string moves: a frame is never a short one.
    const std::unique_lock alone{mutex_};
    const auto& kept = frames_.emplace_back(std::move(frame));
    const bool good = for_each_change(
        std::string_view{kept}.substr(kFrameHeader, changes),
        [this](const Change& change) {
            const auto family = index_of(change.family);
            const Value value{change.value, change.erased};
            if (ordered(change.family)) {
                ordered_[family].insert_or_assign(change.key, value);
            } else {
                hashed_[family].insert_or_assign(change.key, value);
            }
        }
    );
    TRUNKLINE_ASSERT(good);
    last_ = sequence;
}

std::optional<Generation::Value> Generation::find(Family family, std::string_view key) const {
    const std::shared_lock reading{mutex_};
    if (ordered(family)) {
        const auto& table = ordered_[index_of(family)];
        const auto found = table.find(key);
        if (found != table.end()) return found->second;
        return std::nullopt;
    }
    const auto& table = hashed_[index_of(family)];
    const auto found = table.find(key);
    if (found != table.end()) return found->second;
    return std::nullopt;
}

std::optional<Generation::Entry> Generation::next(
    Family family, std::string_view from, bool inclusive
) const {
    TRUNKLINE_ASSERT(ordered(family));
    const std::shared_lock reading{mutex_};
    const auto& table = ordered_[index_of(family)];
    const auto found = inclusive ? table.lower_bound(from) : table.upper_bound(from);
    if (found == table.end()) return std::nullopt;
    return Entry{found->first, found->second};
}

void Generation::for_each(const std::function<void(Family, const Entry&)>& each) const {
    const std::shared_lock reading{mutex_};
    std::vector<Entry> sorted;
    for (std::size_t i = 0; i < kFamilies; ++i) {
        const auto family = static_cast<Family>(i);
        for (const auto& [key, value] : ordered_[i])
            each(family, {key, value});
        sorted.clear();
        for (const auto& [key, value] : hashed_[i])
            sorted.push_back({key, value});
        std::ranges::sort(sorted, {}, &Entry::key);
        for (const auto& entry : sorted)
            each(family, entry);
    }
}

}  // namespace trunkline::store
