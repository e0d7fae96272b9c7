#include "host/store/journal.hpp"

#include <algorithm>
#include <charconv>

#include <fmt/format.h>
#include <spdlog/spdlog.h>

#include "host/seal/crypto.hpp"

namespace trunkline::store {
namespace {

using rocksdb::Slice;

constexpr std::string_view kExtension = ".journal";
constexpr std::size_t kZeros = 1U << 20U;
constexpr std::uint64_t kPiece = 128U << 10U;  // that is looked into at once
static_assert(kPiece % kFrameBlock == 0);
constexpr std::size_t kSeedBytes = 8;

Error failed(const std::string& what, const rocksdb::Status& status) {
    return {Fault::storage, what + ": " + status.ToString()};
}

/// "000017-8f3a....journal": which one it is, and the seed of its frames, which nobody can foresee.
bool read_name(std::string_view name, std::uint64_t& number, std::string& seed) {
    const auto dash = name.find('-');
    if (!name.ends_with(kExtension) || dash == std::string_view::npos) return false;
    const auto [end, error] = std::from_chars(name.data(), name.data() + dash, number);
    seed = name.substr(dash + 1, name.size() - kExtension.size() - dash - 1);
    return error == std::errc{} && end == name.data() + dash && seed.size() == 2 * kSeedBytes;
}

std::string new_seed() {
    std::string seed;
    for (const char c : seal::random_bytes(kSeedBytes))
        seed += fmt::format("{:02x}", static_cast<unsigned char>(c));
    return seed;
}

}  // namespace

Result<std::unique_ptr<Journal>> Journal::open(Settings settings) {
    std::unique_ptr<Journal> journal{new Journal{std::move(settings)}};
    const auto opened = journal->open_files();
    if (!opened) return opened.error();
    auto likely = journal->look();
    if (!likely) return likely.error();
    const auto judged = journal->judge(*std::move(likely));
    if (!judged) return judged.error();
    return journal;
}

Result<void> Journal::open_files() {
    auto& env = *settings_.env;
    const auto made = env.CreateDirIfMissing(settings_.folder);
    if (!made.ok()) return failed("cannot make " + settings_.folder, made);
    auto kept = sync_folder(settings_.folder.substr(0, settings_.folder.rfind('/')));
    if (!kept) return kept;
    std::vector<std::string> names;
    const auto listed = env.GetChildren(settings_.folder, &names);
    if (!listed.ok()) return failed("cannot read " + settings_.folder, listed);
    for (const auto& name : names) {
        std::uint64_t number = 0;
        auto file = std::make_shared<File>();
        if (!read_name(name, number, file->seed)) continue;
        next_name_ = std::max(next_name_.load(), number + 1);
        file->name = settings_.folder + '/' + name;
        auto status = env.GetFileSize(file->name, &file->bytes);
        if (status.ok()) status = env.NewRandomRWFile(file->name, &file->file, {});
        if (!status.ok()) return failed("cannot open " + file->name, status);
        full_.push_back(std::move(file));
    }
    files_ = full_.size();
    return {};
}

// All that looks like a frame. Most of it the tables have had for long, and whether it is whole
// does not matter any more: to find out takes a hundred times as long as to see that it is there.
// What stands within a frame is looked at as well. That nobody makes us check much of it for
// nothing is because values are sealed, and keys are digests or short.
Result<std::vector<Journal::Place>> Journal::look() const {
    std::vector<Place> likely;
    for (const auto& file : full_) {
        const auto looked = look_into(file, likely);
        if (!looked) return looked.error();
    }
    // What only the kernel has by now may go with the power, after it was believed.
    for (const auto& file : full_) {
        const auto synced = file->file->Sync();
        if (!synced.ok()) return failed("cannot write " + file->name, synced);
    }
    return likely;
}

Result<void> Journal::look_into(const std::shared_ptr<File>& file, std::vector<Place>& likely)
    const {
    std::string scratch;
    for (std::uint64_t begin = 0; begin < file->bytes; begin += kPiece) {
        scratch.resize(std::min<std::uint64_t>(kPiece, file->bytes - begin));
        Slice piece;
        const auto status = file->file->Read(begin, scratch.size(), &piece, scratch.data());
        if (!status.ok()) return failed("cannot read " + file->name, status);
        for (std::size_t at = 0; at < piece.size(); at += kFrameBlock) {
            const auto outline = outline_frame({piece.data() + at, piece.size() - at});
            const auto room = file->bytes - begin - at;
            if (!outline || outline->changes > room) continue;
            const auto bytes = frame_bytes(static_cast<std::size_t>(outline->changes));
            if (bytes <= room) likely.push_back({outline->header, file, begin + at, bytes});
        }
    }
    return {};
}

// Which of them are frames that are still needed, and whether those are all there.
Result<void> Journal::judge(std::vector<Place> likely) {
    // Ended, but with room to say what is settled.
    if (!full_.empty()) active_ = newest_ = full_.back();
    const auto sequence = [](const Place& place) { return place.header.sequence; };
    std::string scratch;
    std::ranges::make_heap(likely, {}, sequence);
    while (!likely.empty()) {
        const auto changes = read(likely.front(), scratch);
        if (!changes) return changes.error();
        if (*changes) break;
        std::ranges::pop_heap(likely, {}, sequence);
        likely.pop_back();
    }
    if (likely.empty()) return {};
    const auto newest = likely.front().header;
    last_ = newest.sequence;
    settled_ = proclaimed_ = newest.settled_through;
    std::erase_if(likely, [&](const Place& place) { return sequence(place) <= settled_; });
    for (auto& place : likely) {
        const auto changes = read(place, scratch);
        if (!changes) return changes.error();
        if (*changes) places_.push_back(std::move(place));
    }
    std::ranges::sort(places_, {}, sequence);
    for (const auto& place : places_) {
        place.file->last = sequence(place);
        place.file->end = place.at + place.bytes;
    }
    std::ranges::sort(full_, {}, [](const auto& file) { return file->last; });
    active_ = newest_ = full_.back();
    auto through = newest.settled_through;
    for (const auto& place : places_) {
        if (sequence(place) != through + 1) break;
        ++through;
    }
    for (const auto& place : places_) {
        if (sequence(place) <= through || place.header.synced_through <= through) continue;
        return Error{
            Fault::storage,
            "the journal in " + settings_.folder +
                " is damaged and was not opened; its files are kept as they are: frame " +
                std::to_string(through + 1) + " is missing, which was on disk before frame " +
                std::to_string(sequence(place))};
    }
    if (through < last_)
        spdlog::warn(
            "store.journal_torn folder={} frames={} to={}", settings_.folder, through + 1, last_
        );
    // What stands behind a gap was on its way to the disk when the power went, and so was the gap.
    std::erase_if(places_, [&](const Place& place) { return sequence(place) > through; });
    synced_ = last_;
    return {};
}

// Nothing: it only looks like a frame.
Result<std::optional<std::string_view>> Journal::read(const Place& place, std::string& scratch)
    const {
    scratch.resize(place.bytes);
    Slice frame;
    const auto status = place.file->file->Read(place.at, scratch.size(), &frame, scratch.data());
    if (!status.ok()) return failed("cannot read " + place.file->name, status);
    const std::string_view bytes{frame.data(), frame.size()};
    // It may be read differently than when it was looked at: only what is checked is believed.
    const auto outline = outline_frame(bytes);
    if (!outline || outline->header != place.header) return std::optional<std::string_view>{};
    return open_frame(bytes, place.file->seed);
}

Result<void> Journal::replay(std::uint64_t after, std::uint64_t through, const Take& take) const {
    std::string scratch;
    for (const auto& place : places_) {
        if (place.header.sequence <= after || place.header.sequence > through) continue;
        const auto changes = read(place, scratch);
        if (!changes) return changes.error();
        if (!*changes)
            return Error{Fault::storage, "a frame in " + place.file->name + " is damaged"};
        const auto taken = take(**changes);
        if (!taken) return taken;
    }
    return {};
}

void Journal::settled(std::uint64_t sequence) {
    const std::lock_guard guard{mutex_};
    settled_ = std::max(settled_, sequence);
}

// A frame without changes is settled with the one before it: it may be written over as soon as its
// file is used again.
std::uint64_t Journal::settled_now() {
    std::uint64_t settled = 0;
    {
        const std::lock_guard guard{mutex_};
        settled = settled_;
    }
    while (empty_.contains(settled + 1))
        ++settled;
    empty_.erase(empty_.begin(), empty_.lower_bound(settled));
    return settled;
}

// The last block of a file is kept for a frame that says what is settled.
bool Journal::has_room(std::size_t changes) const noexcept {
    return !ended_ && active_->end + frame_bytes(changes) + kFrameBlock <= active_->bytes;
}

Result<void> Journal::end_file() {
    if (ended_) return {};
    if (broken_ || !unsynced_.empty()) {
        auto mended = mend();
        if (!mended) return mended;
    }
    full_.push_back(active_);
    ended_ = true;
    return {};
}

Result<bool> Journal::begin_file(std::size_t changes) {
    const auto needed = frame_bytes(changes) + kFrameBlock;
    const bool ordinary = needed <= settings_.file_bytes;
    if (broken_) {
        auto mended = mend();
        if (!mended) return mended.error();
    }
    retire();
    if (ordinary ? free_.empty() : full_.size() >= settings_.files_max) {
        auto proclaimed = proclaim();
        if (!proclaimed) return proclaimed.error();
    }
    std::shared_ptr<File> next;
    if (ordinary) {
        if (!free_.empty()) {
            next = std::move(free_.back());
            free_.pop_back();
        } else {
            const std::lock_guard guard{mutex_};
            next = std::move(spare_);
        }
    }
    if (!next && full_.size() >= settings_.files_max) return false;
    if (!next) {
        auto made = make_file(std::max<std::uint64_t>(needed, settings_.file_bytes));
        // Where there is no space for one more, those that are there must do.
        if (!made && !full_.empty()) return false;
        if (!made) return made.error();
        next = *std::move(made);
    }
    next->end = next->last = 0;
    active_ = std::move(next);
    ended_ = false;
    return true;
}

Result<void> Journal::append(std::string& frame, bool synced) {
    if (broken_) {
        auto mended = mend();
        if (!mended) return mended;
    }
    return write(frame, synced);
}

Result<void> Journal::write(std::string& frame, bool synced) {
    // So that a synced frame can say that everything before it is: a gap there is never the
    // power's.
    if (synced && !unsynced_.empty()) {
        auto mended = mend();
        if (!mended) return mended;
    }
    const FrameHeader header{last_ + 1, settled_now(), synced_};
    const bool holds_changes = frame.size() > kFrameHeader;
    auto& file = *active_;
    seal_frame(header, file.seed, frame);
    auto status = file.file->Write(file.end, Slice{frame});
    if (status.ok() && synced) status = file.file->Sync();
    if (!status.ok()) {
        broken_ = true;
        return failed("cannot write " + file.name, status);
    }
    if (holds_changes) {
        places_.push_back({header, active_, file.end, frame.size()});
        file.last = header.sequence;
    } else {
        empty_.insert(header.sequence);
    }
    if (synced) {
        synced_ = header.sequence;
        proclaimed_ = header.settled_through;
        newest_ = active_;
    } else {
        unsynced_.push_back({file.end, frame});
    }
    last_ = header.sequence;
    file.end += frame.size();
    return {};
}

// After a sync that failed nobody knows what of it is on disk, and a later one that succeeds does
// not tell: so all of it is written again. What failed itself must not be found again.
Result<void> Journal::mend() {
    auto& file = *active_;
    rocksdb::Status status;
    for (const auto& one : unsynced_) {
        if (status.ok()) status = file.file->Write(one.at, Slice{one.frame});
    }
    const std::string nothing(kFrameBlock, '\0');
    if (status.ok() && broken_ && file.end + nothing.size() <= file.bytes)
        status = file.file->Write(file.end, Slice{nothing});
    if (status.ok()) status = file.file->Sync();
    if (!status.ok()) {
        broken_ = true;
        return failed("cannot write " + file.name, status);
    }
    if (!unsynced_.empty()) newest_ = active_;
    unsynced_.clear();
    synced_ = last_;
    broken_ = false;
    return {};
}

// Into the block that was kept for it, and only when it frees a file.
Result<void> Journal::proclaim() {
    const auto frees = [this, settled = settled_now()](const auto& file) {
        return file != active_ && file->last <= settled;
    };
    if (!active_ || std::ranges::none_of(full_, frees)) return {};
    std::string frame(kFrameHeader, '\0');
    if (active_->end + kFrameBlock > active_->bytes) return {};
    auto written = append(frame, true);
    if (written) retire();
    return written;
}

void Journal::prepare() {
    {
        const std::lock_guard guard{mutex_};
        if (spare_ || files_ >= settings_.files_max) return;
    }
    auto made = make_file(settings_.file_bytes);
    if (!made) return;  // whoever needs it will find out
    const std::lock_guard guard{mutex_};
    spare_ = *std::move(made);
}

void Journal::finish() {
    if (!active_ || !ended_ || settled_now() <= proclaimed_) return;
    std::string frame(kFrameHeader, '\0');
    if (active_->end + kFrameBlock > active_->bytes) return;
    [[maybe_unused]] const auto written = append(frame, true);  // without it the start is slower
}

void Journal::retire() {
    while (!places_.empty() && places_.front().header.sequence <= proclaimed_)
        places_.pop_front();
    for (auto at = full_.begin(); at != full_.end();) {
        auto& file = *at;
        // The newest frame on disk is what the next start begins with: it tells what is settled.
        const bool needed = file->last > proclaimed_ || file == newest_;
        if (needed) {
            ++at;
            continue;
        }
        if (file->bytes == settings_.file_bytes) {
            free_.push_back(std::move(file));
        } else {
            file->file.reset();
            settings_.env->DeleteFile(file->name).PermitUncheckedError();
            const std::lock_guard guard{mutex_};
            --files_;
        }
        at = full_.erase(at);
    }
}

Result<std::shared_ptr<Journal::File>> Journal::make_file(std::uint64_t bytes) {
    auto file = std::make_shared<File>();
    file->bytes = (bytes + kFrameBlock - 1) / kFrameBlock * kFrameBlock;
    file->seed = new_seed();
    file->name =
        fmt::format("{}/{:06}-{}{}", settings_.folder, next_name_++, file->seed, kExtension);
    auto& env = *settings_.env;
    auto filled = fill_file(file->name, file->bytes);
    rocksdb::Status status;
    if (filled) status = env.NewRandomRWFile(file->name, &file->file, {});
    if (filled && !status.ok()) filled = failed("cannot open " + file->name, status);
    if (filled) {
        const std::lock_guard guard{mutex_};
        ++files_;
        return file;
    }
    env.DeleteFile(file->name).PermitUncheckedError();
    return filled.error();
}

// With zeros that are written, not only promised: what is written over them later changes nothing
// of what the file system knows about the file.
Result<void> Journal::fill_file(const std::string& name, std::uint64_t bytes) const {
    auto& env = *settings_.env;
    std::unique_ptr<rocksdb::WritableFile> file;
    auto status = env.NewWritableFile(name, &file, {});
    const std::string zeros(kZeros, '\0');
    for (std::uint64_t left = bytes; status.ok() && left > 0;) {
        const auto piece = std::min<std::uint64_t>(left, zeros.size());
        status = file->Append(Slice{zeros.data(), piece});
        left -= piece;
    }
    if (status.ok()) status = file->Fsync();
    if (status.ok()) status = file->Close();
    if (!status.ok()) return failed("cannot make " + name, status);
    return sync_folder(settings_.folder);
}

Result<void> Journal::sync_folder(const std::string& name) const {
    std::unique_ptr<rocksdb::Directory> folder;
    auto status = settings_.env->NewDirectory(name, &folder);
    if (status.ok()) status = folder->Fsync();
    if (!status.ok()) return failed("cannot write " + name, status);
    return {};
}

}  // namespace trunkline::store
