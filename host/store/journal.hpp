#pragma once

#include <atomic>
#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include <rocksdb/env.h>

#include "host/store/frame.hpp"

namespace trunkline::store {

/// The log in front of the tables: files of one size that are written over and over. Because they
/// neither grow nor move, a sync writes what was appended and nothing else. A file is used again
/// once the tables have all that is in it, and a synced frame elsewhere says so. One thread uses
/// it, but for `settled` and `prepare`, which are safe from any.
class Journal {
public:
    struct Settings {
        std::string folder;
        std::uint64_t file_bytes = 0;  ///< a multiple of kFrameBlock
        std::size_t files_max = 0;
        rocksdb::Env* env = nullptr;
    };
    using Take = std::function<Result<void>(std::string_view changes)>;

    /// Reads what is there; of what the tables have, only how it begins. Fails, naming the folder,
    /// when a frame is missing that had been on disk: then it was damaged, and what stands behind
    /// it would be lost in silence.
    static Result<std::unique_ptr<Journal>> open(Settings settings);

    /// Hands over the changes of every frame from `after` (exclusive) to `through`, in order; only
    /// of those that are not settled.
    Result<void> replay(std::uint64_t after, std::uint64_t through, const Take& take) const;

    std::uint64_t last() const noexcept { return last_; }  ///< sequence of the newest frame

    /// The tables have everything up to `sequence`, durably. `[any]`
    void settled(std::uint64_t sequence);
    /// Makes the next file, so that whoever appends need not wait for it; nothing when there is
    /// one, or are enough. `[any]`
    void prepare();
    /// Writes down what is settled, so that the next start need not find out. After `end_file`.
    void finish();

    /// Whether a frame with that many bytes of changes fits behind the last one.
    bool has_room(std::size_t changes) const noexcept;
    /// What comes next goes into another file; what stands in this one is synced.
    Result<void> end_file();
    /// Makes room after `end_file`. False: all files are in use until more is settled.
    Result<bool> begin_file(std::size_t changes);
    /// Completes a frame, see seal_frame, and writes it. With `synced` it outlives a power cut, and
    /// so does all that was appended before it. When it fails, the frame counts as not written,
    /// unless the host dies before the next one that succeeds.
    Result<void> append(std::string& frame, bool synced);

private:
    struct File {
        std::string name;
        std::string seed;  ///< see seal_frame; a part of the name
        std::unique_ptr<rocksdb::RandomRWFile> file;
        std::uint64_t bytes = 0;
        std::uint64_t end = 0;   ///< where the next frame goes
        std::uint64_t last = 0;  ///< sequence of the newest frame with changes in it
    };
    struct Place {
        FrameHeader header;
        std::shared_ptr<File> file;
        std::uint64_t at = 0;
        std::uint64_t bytes = 0;
    };
    struct Unsynced {
        std::uint64_t at = 0;
        std::string frame;
    };

    explicit Journal(Settings settings) : settings_{std::move(settings)} {}
    Result<void> open_files();
    Result<void> look_into(const std::shared_ptr<File>& file, std::vector<Place>& likely) const;
    Result<std::vector<Place>> look() const;
    Result<void> judge(std::vector<Place> likely);
    Result<std::optional<std::string_view>> read(const Place& place, std::string& scratch) const;
    Result<std::shared_ptr<File>> make_file(std::uint64_t bytes);
    Result<void> fill_file(const std::string& name, std::uint64_t bytes) const;
    Result<void> sync_folder(const std::string& name) const;
    Result<void> write(std::string& frame, bool synced);
    Result<void> mend();
    Result<void> proclaim();
    void retire();
    std::uint64_t settled_now();

    const Settings settings_;
    std::shared_ptr<File> newest_;            ///< has the newest frame that is synced
    std::shared_ptr<File> active_;            ///< the file that is written to, or was last
    bool ended_ = true;                       ///< nothing more goes into `active_`
    std::deque<std::shared_ptr<File>> full_;  ///< in the order of their frames
    std::vector<std::shared_ptr<File>> free_;
    std::deque<Place> places_;       ///< of the frames that are not settled, in order
    std::set<std::uint64_t> empty_;  ///< frames without changes
    std::vector<Unsynced> unsynced_;
    std::uint64_t last_ = 0;
    std::uint64_t synced_ = 0;
    std::uint64_t proclaimed_ = 0;  ///< what the last synced frame says is settled
    std::atomic<std::uint64_t> next_name_{1};
    bool broken_ = false;  ///< a write or a sync failed: what was not synced must be written again

    mutable std::mutex mutex_;
    std::uint64_t settled_ = 0;    // guarded by mutex_
    std::size_t files_ = 0;        // guarded by mutex_: how many there are
    std::shared_ptr<File> spare_;  // guarded by mutex_
};

}  // namespace trunkline::store
