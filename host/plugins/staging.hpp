#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "host/base/result.hpp"

namespace trunkline::plugins {

/// The private folder of copies that are really mapped. What operators do to the deployed file
/// (overwrite, truncate, rename) can then never reach running code, and every generation has a path
/// of its own. Control thread only.
class Staging {
public:
    /// `folder` is made with mode 0700; copies that an earlier start left behind are removed. Fails
    /// with `storage`.
    static Result<Staging> open(std::string folder);

    /// Copies `file` to "<id>.<start>.<generation>.so", mode 0500, which must not exist yet. Fails
    /// with `not_found`, `malformed` (not a regular file, larger than `bytes_max`) or `storage`.
    /// The caller removes the copy.
    Result<std::string> copy(
        const std::string& file,
        const std::string& id,
        std::uint64_t generation,
        std::uint64_t bytes_max
    ) const;

private:
    Staging(std::string folder, std::string start)
        : folder_{std::move(folder)}, start_{std::move(start)} {}

    std::string folder_;
    std::string
        start_;  ///< different for every start of the process, so that leftovers never collide
};

/// A file mapped read-only for as long as this lives. Only for files nobody else can change: staged
/// copies.
class MappedFile {
public:
    static Result<MappedFile> open(const std::string& path);
    ~MappedFile();
    MappedFile(MappedFile&& other) noexcept;
    MappedFile& operator=(MappedFile&&) = delete;
    MappedFile(const MappedFile&) = delete;
    MappedFile& operator=(const MappedFile&) = delete;

    const std::uint8_t* data() const noexcept { return data_; }
    std::size_t size() const noexcept { return size_; }

private:
    MappedFile(const std::uint8_t* data, std::size_t size) : data_{data}, size_{size} {}

    const std::uint8_t* data_ = nullptr;
    std::size_t size_ = 0;
};

}  // namespace trunkline::plugins
