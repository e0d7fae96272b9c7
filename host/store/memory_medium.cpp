#include "host/store/memory_medium.hpp"

#include <optional>
#include <vector>

namespace trunkline::store {

namespace {

class MemoryWrites final : public Writes {
public:
    struct Change {
        Family family;
        std::string key;
        std::optional<std::string> value;
    };

    void put(Family family, std::string_view key, std::string_view value) override {
        changes.push_back({family, std::string{key}, std::string{value}});
    }
    void erase(Family family, std::string_view key) override {
        changes.push_back({family, std::string{key}, std::nullopt});
    }
    bool empty() const override { return changes.empty(); }
    void clear() override { changes.clear(); }

    std::vector<Change> changes;
};

// Looks every row up anew, so that it need not hold the lock. Unlike on disk, rows written later
// are seen; nobody who reads may rely on either.
class MemoryCursor final : public Cursor {
public:
    using Rows = std::map<std::string, std::string, std::less<>>;

    MemoryCursor(const Rows& rows, std::mutex& mutex, std::string_view from, std::string_view until)
        : rows_{rows}, mutex_{mutex}, until_{until} {
        const std::lock_guard guard{mutex_};
        take(rows_.lower_bound(from));
    }

    bool valid() const override { return valid_; }
    void next() override {
        const std::lock_guard guard{mutex_};
        take(rows_.upper_bound(key_));
    }
    std::string_view key() const override { return key_; }
    std::string_view value() const override { return value_; }
    Result<void> status() const override { return {}; }

private:
    void take(Rows::const_iterator at) {
        valid_ = at != rows_.end() && (until_.empty() || at->first < until_);
        if (!valid_) return;
        key_ = at->first;
        value_ = at->second;
    }

    const Rows& rows_;
    std::mutex& mutex_;
    std::string until_;
    std::string key_;
    std::string value_;
    bool valid_ = false;
};

}  // namespace

Result<bool> MemoryMedium::get(Family family, std::string_view key, std::string& value) const {
    const std::lock_guard guard{mutex_};
    const auto& rows = families_[index_of(family)];
    const auto found = rows.find(key);
    if (found == rows.end()) return false;
    value = found->second;
    return true;
}

std::unique_ptr<Cursor> MemoryMedium::cursor(
    Family family, std::string_view from, std::string_view until
) const {
    return std::make_unique<MemoryCursor>(families_[index_of(family)], mutex_, from, until);
}

std::unique_ptr<Writes> MemoryMedium::writes() {
    return std::make_unique<MemoryWrites>();
}

Result<void> MemoryMedium::apply(Writes& writes, bool /*synced*/) {
    const std::lock_guard guard{mutex_};
    for (auto& change : static_cast<MemoryWrites&>(writes).changes) {
        auto& rows = families_[index_of(change.family)];
        if (change.value) {
            rows.insert_or_assign(std::move(change.key), std::move(*change.value));
        } else {
            rows.erase(change.key);
        }
    }
    return {};
}

void MemoryMedium::heads_synced(std::span<const LaneHead> heads) {
    const std::lock_guard guard{mutex_};
    auto& records = families_[index_of(Family::msg)];
    for (const auto& [lane, head] : heads) {
        records.erase(
            records.lower_bound(Key::of_lane(lane).view()),
            records.lower_bound(Key::of_record(lane, head).view())
        );
    }
}

}  // namespace trunkline::store
