#pragma once

#include <array>
#include <map>
#include <mutex>

#include "host/store/medium.hpp"

namespace trunkline::store {

/// Rows in maps, gone with the object. Keeps every promise but the one about power cuts.
class MemoryMedium final : public Medium {
public:
    Result<bool> get(Family family, std::string_view key, std::string& value) const override;
    std::unique_ptr<Cursor> cursor(Family family, std::string_view from, std::string_view until)
        const override;
    std::unique_ptr<Writes> writes() override;
    Result<void> apply(Writes& writes, bool synced) override;
    void heads_synced(std::span<const LaneHead> heads) override;
    void start_collecting() override {}
    Result<bool> resume() override { return false; }
    void close() override {}

private:
    using Rows = std::map<std::string, std::string, std::less<>>;

    mutable std::mutex mutex_;
    std::array<Rows, kFamilies> families_;
};

}  // namespace trunkline::store
