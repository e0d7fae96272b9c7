#include "trunkline/simulator/journal.hpp"

#include <algorithm>

namespace trunkline::simulator {
namespace {

constexpr std::size_t kKept = 200'000;
constexpr std::size_t kBytesKept = 256U << 20U;

/// About what a value takes in memory.
std::size_t bytes_of(const json::value& value) {
    std::size_t out = sizeof(json::value);
    if (const auto* text = value.if_string()) out += text->size();
    if (const auto* list = value.if_array()) {
        for (const json::value& one : *list)
            out += bytes_of(one);
    }
    if (const auto* object = value.if_object()) {
        for (const auto& member : *object)
            out += member.key().size() + bytes_of(member.value());
    }
    return out;
}

std::size_t bytes_of(const json::object& entry) {
    std::size_t out = sizeof(json::object);
    for (const auto& member : entry)
        out += member.key().size() + bytes_of(member.value());
    return out;
}

}  // namespace

Journal::Journal(const std::string& file) {
    if (!file.empty()) file_ = std::fopen(file.c_str(), "a");
}

Journal::~Journal() {
    if (file_ != nullptr) std::fclose(file_);
}

void Journal::write(std::string kind, json::object entry, std::int64_t now_ms) {
    entry["sequence"] = ++last_;
    entry["at"] = now_ms;
    entry["kind"] = std::move(kind);
    if (file_ != nullptr) {
        const std::string line = json::serialize(entry) + "\n";
        std::fwrite(line.data(), 1, line.size(), file_);
        std::fflush(file_);
    }
    const std::size_t size = bytes_of(entry);
    entries_.push_back({std::move(entry), size});
    bytes_ += size;
    while (entries_.size() > 1 && (entries_.size() > kKept || bytes_ > kBytesKept)) {
        bytes_ -= entries_.front().bytes;
        entries_.pop_front();
    }
}

json::array Journal::after(std::uint64_t sequence, std::size_t count) const {
    json::array out;
    const std::uint64_t first = last_ - entries_.size() + 1;
    for (std::uint64_t at = std::max(sequence + 1, first); at <= last_ && out.size() < count; ++at)
        out.push_back(entries_[at - first].entry);
    return out;
}

}  // namespace trunkline::simulator
