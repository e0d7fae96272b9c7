#pragma once

#include <cstdio>
#include <deque>
#include <string>

#include "plugins/telegram/simulator/world.hpp"

namespace trunkline::telegram::simulator {

/// What happened, in order: every call of the bot and every webhook attempt with its answer. In
/// memory (the last 200,000) and, when a file is named, as JSON lines, each on its way to the disk
/// before anything that follows from it.
class Journal {
public:
    explicit Journal(const std::string& file);
    ~Journal();
    Journal(const Journal&) = delete;
    Journal& operator=(const Journal&) = delete;

    void write(std::string kind, json::object entry, WallMs now);
    json::array after(std::uint64_t sequence, std::size_t count) const;

private:
    std::deque<json::object> entries_;
    std::uint64_t last_ = 0;
    std::FILE* file_ = nullptr;
};

}  // namespace trunkline::telegram::simulator
