#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "host/base/result.hpp"
#include "host/net/client.hpp"

namespace trunkline::net {

/// The bytes of one part, read once from front to back (and again after a rewind). Borrows the
/// part.
class PartSource {
public:
    explicit PartSource(const Part& part);
    explicit PartSource(const std::string& bytes);  ///< a plain body, borrowed
    PartSource(const PartSource&) = delete;
    PartSource& operator=(const PartSource&) = delete;

    std::uint64_t size() const noexcept;  ///< as sent, base64 counted
    /// Up to `room` bytes, 0 = the end; -1 when the file cannot be read.
    std::int64_t read(char* into, std::size_t room);
    void rewind() noexcept;

private:
    std::int64_t read_raw(char* into, std::size_t room);
    bool refill();

    const std::string* bytes_ = nullptr;  // or:
    std::shared_ptr<const FileBytes> file_;
    std::string piece_;  // of the file, from `piece_from_` on
    std::uint64_t piece_from_ = 0;
    std::uint64_t raw_size_ = 0;
    std::uint64_t raw_read_ = 0;
    bool base64_ = false;
    std::string staged_;  // encoded, not yet handed out
    std::size_t staged_at_ = 0;
};

/// A request's body as one stream with a known length.
class Upload {
public:
    Result<void> open(const ClientRequest& request);  ///< borrows the request

    std::uint64_t size() const noexcept { return size_; }
    std::int64_t read(char* into, std::size_t room);
    bool rewind() noexcept;                             ///< false: must not be sent again
    bool started() const noexcept { return started_; }  ///< bytes were taken, and may have left
    bool multipart() const noexcept { return multipart_; }
    std::vector<std::unique_ptr<PartSource>>& sources() noexcept { return sources_; }

private:
    std::vector<std::unique_ptr<PartSource>> sources_;
    std::size_t at_ = 0;
    std::uint64_t size_ = 0;
    bool started_ = false;
    bool once_ = false;
    bool multipart_ = false;
};

}  // namespace trunkline::net
