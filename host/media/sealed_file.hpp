#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "host/base/result.hpp"
#include "host/net/file_bytes.hpp"
#include "host/seal/crypto.hpp"

namespace trunkline::media {

/// How outgoing files lie on disk: 20 bytes of head (a magic word and random bytes of this
/// writing), then chunks of 64 KiB, each encrypted for itself, so that a range is read without the
/// rest. Every chunk is bound to the file's id, the head, its number, and whether it is the last:
/// chunks cannot be swapped, taken from another file, or cut off at the end without being noticed.
/// The last one may be shorter; an empty file has one empty chunk.
inline constexpr std::size_t kSealedChunkBytes = 64 * 1024;

/// Writes such a file. Blocks; one thread at a time.
class SealedWriter {
public:
    /// `descriptor` is borrowed and stands at its beginning.
    SealedWriter(const seal::AtRest& cipher, std::string id, int descriptor);

    bool add(std::string_view bytes);  ///< false: the disk refuses
    bool finish();                     ///< once, behind all bytes

private:
    bool write_chunk(bool last);

    const seal::AtRest& cipher_;
    const std::string id_;
    const int descriptor_;
    std::string head_;
    std::string waiting_;  // plain; whether it is the last chunk is not known yet
    std::uint64_t number_ = 0;
};

/// Reads one. Immutable; reads block. `[any]`
class SealedFile final : public net::FileBytes {
public:
    /// `cipher` outlives it. `not_found`, or `storage` for what is no such file.
    static Result<std::shared_ptr<const SealedFile>> open(
        const seal::AtRest& cipher, std::string id, const std::string& path
    );
    ~SealedFile() override;
    SealedFile(const SealedFile&) = delete;
    SealedFile& operator=(const SealedFile&) = delete;

    std::uint64_t size() const override { return size_; }
    bool read(std::uint64_t from, std::string& out) const override;

private:
    SealedFile(const seal::AtRest& cipher, std::string id, int descriptor)
        : cipher_{cipher}, id_{std::move(id)}, descriptor_{descriptor} {}
    bool read_head();

    const seal::AtRest& cipher_;
    const std::string id_;
    const int descriptor_;
    std::string head_;
    std::uint64_t size_ = 0;
    std::uint64_t chunks_ = 0;
};

}  // namespace trunkline::media
