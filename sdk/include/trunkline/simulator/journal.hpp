#pragma once

#include <cstdint>
#include <cstdio>
#include <deque>
#include <string>

#include "trunkline/json.hpp"

namespace trunkline::simulator {

/// What happened, in order: every call and every delivery with its answer. In memory (the last
/// 200,000 or 256 MiB) and, when a file is named, as JSON lines, each on its way to the disk before
/// anything that follows from it. On the loop.
class Journal {
public:
    explicit Journal(const std::string& file);  ///< "" = in memory alone
    ~Journal();
    Journal(const Journal&) = delete;
    Journal& operator=(const Journal&) = delete;

    void write(std::string kind, json::object entry, std::int64_t now_ms);
    json::array after(std::uint64_t sequence, std::size_t count) const;

private:
    struct Kept {
        json::object entry;
        std::size_t bytes;
    };
    std::deque<Kept> entries_;
    std::size_t bytes_ = 0;
    std::uint64_t last_ = 0;
    std::FILE* file_ = nullptr;
};

}  // namespace trunkline::simulator
