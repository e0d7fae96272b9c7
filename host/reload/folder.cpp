#include "host/reload/folder.hpp"

#include <cerrno>
#include <filesystem>
#include <set>
#include <system_error>

#include <spdlog/spdlog.h>
#include <sys/stat.h>

#include "host/plugins/elf_note.hpp"
#include "host/plugins/notes.hpp"

namespace trunkline::reload {
namespace {

namespace fs = std::filesystem;

constexpr std::chrono::milliseconds kStill{250};
constexpr std::chrono::milliseconds kStillInPieces{
    2'000};  // then it will not become whole any more
constexpr std::int64_t kNanoseconds = 1'000'000'000;

/// Whether all of it seems to be written. What cannot be read is judged by whoever loads it.
bool is_whole(const std::string& file) {
    struct stat facts {};
    if (::stat(file.c_str(), &facts) != 0 || !S_ISREG(facts.st_mode)) return true;
    return plugins::is_whole_file(file);
}

}  // namespace

std::optional<std::map<std::string, Folder::Seen>> Folder::scan() const {
    int trouble = 0;
    const auto facts_of = [&trouble](const std::string& file) {
        struct stat facts {};
        if (::stat(file.c_str(), &facts) != 0) {
            if (errno != ENOENT) trouble = errno;
            return Facts{};
        }
        return Facts{
            facts.st_dev,
            facts.st_ino,
            static_cast<std::uint64_t>(facts.st_size),
            facts.st_mtim.tv_sec * kNanoseconds + facts.st_mtim.tv_nsec,
            facts.st_ctim.tv_sec * kNanoseconds + facts.st_ctim.tv_nsec};
    };
    std::error_code error;
    std::set<std::string> files;
    for (const auto& entry : fs::directory_iterator{directory_, error}) {
        if (plugins::is_connector_file(entry.path().string())) files.insert(entry.path().string());
    }
    // A folder that is not there is an empty one.
    if (error && error != std::errc::no_such_file_or_directory) trouble = error.value();
    std::map<std::string, Seen> found;
    std::size_t fresh = files_.size();
    for (const std::string& file : files) {
        if (!files_.contains(file) && ++fresh > plugins::kFilesMax) continue;
        const Seen seen{facts_of(file), facts_of(file + ".sig")};
        if (seen.library.inode != 0) found[file] = seen;
    }
    if (trouble != 0 && !unread_)
        spdlog::error(
            "plugins.unlisted directory={} reason=\"{}\"",
            directory_,
            std::error_code{trouble, std::generic_category()}.message()
        );
    unread_ = trouble != 0;
    if (unread_) return std::nullopt;
    return found;
}

void Folder::learn() {
    for (const auto& [file, seen] : scan().value_or(std::map<std::string, Seen>{}))
        files_[file] = {seen, seen, Time{}};
}

std::vector<Folder::Change> Folder::look(Time now) {
    std::vector<Change> changes;
    unsettled_ = false;
    auto found = scan();
    if (!found) return changes;
    for (auto& [file, state] : files_)
        found->try_emplace(file, Seen{});
    for (const auto& [file, seen] : *found) {
        State& state = files_.try_emplace(file, State{{}, {}, now}).first->second;
        if (state.latest != seen) {
            state.latest = seen;
            state.since = now;
        }
        if (state.known == seen) continue;
        const bool gone = seen.library.inode == 0;
        const auto still = now - state.since;
        if (still < kStill || (!gone && still < kStillInPieces && !is_whole(file))) {
            unsettled_ = true;
            continue;
        }
        state.known = seen;
        changes.push_back({file, gone});
    }
    std::erase_if(files_, [](const auto& entry) {
        return entry.second.known == Seen{} && entry.second.latest == Seen{};
    });
    return changes;
}

}  // namespace trunkline::reload
