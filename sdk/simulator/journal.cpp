#include "trunkline/simulator/journal.hpp"

#include <algorithm>

namespace trunkline::simulator {
namespace {

constexpr std::size_t kKept = 200'000;

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
    entries_.push_back(std::move(entry));
    if (entries_.size() > kKept) entries_.pop_front();
}

json::array Journal::after(std::uint64_t sequence, std::size_t count) const {
    json::array out;
    const std::uint64_t first = last_ - entries_.size() + 1;
    for (std::uint64_t at = std::max(sequence + 1, first); at <= last_ && out.size() < count; ++at)
        out.push_back(entries_[at - first]);
    return out;
}

}  // namespace trunkline::simulator
