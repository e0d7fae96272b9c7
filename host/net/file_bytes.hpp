#pragma once

#include <cstdint>
#include <string>

namespace trunkline::net {

/// The content of a file, whatever it looks like on disk: what is sent as a part of a body. Shared
/// by all copies of a request, so reading leaves no trace in it. Reads block. `[any]`
class FileBytes {
public:
    virtual ~FileBytes() = default;
    virtual std::uint64_t size() const = 0;
    /// Replaces `out` by what stands at `from` and behind it: at least one byte before the end,
    /// none at the end, never more than fits into memory easily (64 KiB). False when it cannot be
    /// read.
    virtual bool read(std::uint64_t from, std::string& out) const = 0;
};

}  // namespace trunkline::net
