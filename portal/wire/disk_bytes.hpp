#pragma once

#include <memory>
#include <string>

#include "host/net/file_bytes.hpp"

namespace trunkline::portal::wire {

/// A plain file on disk, as it was long when it was opened. `[any]`
class DiskBytes final : public net::FileBytes {
public:
    /// None when it is not there or cannot be read. Blocks for a moment.
    static std::shared_ptr<const DiskBytes> open(const std::string& path);
    ~DiskBytes() override;
    DiskBytes(const DiskBytes&) = delete;
    DiskBytes& operator=(const DiskBytes&) = delete;

    std::uint64_t size() const override { return size_; }
    bool read(std::uint64_t from, std::string& out) const override;

private:
    DiskBytes(int descriptor, std::uint64_t size) : descriptor_{descriptor}, size_{size} {}

    int descriptor_;
    std::uint64_t size_;
};

}  // namespace trunkline::portal::wire
