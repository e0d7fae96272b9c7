#include "host/media/copies.hpp"

#include <algorithm>
#include <charconv>
#include <filesystem>
#include <unordered_set>

#include <boost/json.hpp>
#include <spdlog/spdlog.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include "host/base/base64.hpp"
#include "host/base/stored_row.hpp"
#include "host/base/ulid.hpp"
#include "host/media/sealed_file.hpp"

namespace trunkline::media {
namespace {

namespace json = boost::json;

// Two rows for each copy: one by what it is a copy of, one by when it ends, so that those that have
// ended come first.
constexpr std::string_view kByFile = "file/";
constexpr std::string_view kByEnd = "end/";
constexpr std::size_t kEndDigits = 16;
constexpr std::size_t kPage = 256;
constexpr std::uint64_t kBlock = 4096;

std::string file_key(const AccountId& account, const std::string& ref) {
    return std::string{kByFile} + hex_encode(seal::sha256(account.text() + '\0' + ref));
}

std::string end_key(WallMs until, const std::string& id) {
    const std::string digits = std::to_string(std::max<WallMs>(until, 0));
    return std::string{kByEnd} +
           std::string(kEndDigits - std::min(digits.size(), kEndDigits), '0') + digits + '/' + id;
}

struct End {
    WallMs until_ms = 0;
    std::string id, of, portal;
    std::uint64_t size = 0;
};

std::optional<End> end_from(const store::Row& row) {
    End end;
    if (row.key.size() <= kByEnd.size() + kEndDigits) return std::nullopt;
    const char* const digits = row.key.data() + kByEnd.size();
    if (std::from_chars(digits, digits + kEndDigits, end.until_ms).ec != std::errc{})
        return std::nullopt;
    end.id = row.key.substr(kByEnd.size() + kEndDigits + 1);
    Ulid parsed;
    StoredRow stored{"copy " + row.key, row.value};
    end.of = stored.text("of");
    end.portal = stored.text("portal");
    end.size = static_cast<std::uint64_t>(std::max<std::int64_t>(stored.number("size"), 0));
    if (!stored.whole() || !Ulid::parse(end.id, parsed)) return std::nullopt;
    return end;
}

/// What a file of `size` bytes takes on disk, about.
std::uint64_t on_disk(std::uint64_t size) {
    const std::uint64_t chunks = size / kSealedChunkBytes + 1;
    return (size + 20 + chunks * 28 + kBlock - 1) / kBlock * kBlock;
}

void put_rows(
    const std::string& key,
    const Copy& copy,
    const std::string& portal,
    WallMs until,
    store::Batch& batch
) {
    batch.put.push_back(
        {store::Table::copy,
         key,
         json::serialize(json::object{
             {"id", copy.id}, {"size", copy.size}, {"portal", portal}, {"until", until}}),
         0}
    );
    batch.put.push_back(
        {store::Table::copy,
         end_key(until, copy.id),
         json::serialize(json::object{{"of", key}, {"size", copy.size}, {"portal", portal}}),
         0}
    );
}

}  // namespace

/// Bytes that one file has taken of what is allowed: given back unless it was kept.
class Copies::Room {
public:
    Room(
        std::shared_ptr<Usage> usage,
        std::string portal,
        std::uint64_t most,
        std::uint64_t portal_most
    )
        : usage_{std::move(usage)},
          portal_{std::move(portal)},
          most_{most},
          portal_most_{portal_most} {}
    ~Room() {
        if (held_ == 0) return;
        const std::lock_guard lock{usage_->mutex};
        usage_->bytes -= held_;
        usage_->by_portal[portal_] -= held_;
    }
    Room(const Room&) = delete;
    Room& operator=(const Room&) = delete;

    /// Takes as much more as is missing to `bytes`, or nothing.
    bool reach(std::uint64_t bytes) {
        if (bytes <= held_) return true;
        const std::uint64_t more = bytes - held_;
        const std::lock_guard lock{usage_->mutex};
        std::uint64_t& of_portal = usage_->by_portal[portal_];
        if (usage_->bytes + more > most_ || of_portal + more > portal_most_) return false;
        usage_->bytes += more;
        of_portal += more;
        held_ = bytes;
        return true;
    }
    /// It is the file's now.
    void keep(std::uint64_t bytes) {
        const std::lock_guard lock{usage_->mutex};
        usage_->bytes -= held_ - bytes;
        usage_->by_portal[portal_] -= held_ - bytes;
        ++usage_->files;
        held_ = 0;
    }

private:
    std::shared_ptr<Usage> usage_;
    std::string portal_;
    std::uint64_t most_, portal_most_;
    std::uint64_t held_ = 0;
};

struct Copies::Growing {
    Room room;
    Pieces pieces;
    std::uint64_t size = 0;
};

Copies::Copies(Options options, store::Store& store, async::BlockingPool& pool, const Clock& clock)
    : options_{std::move(options)},
      cipher_{seal::hkdf_sha256(options_.key.reveal(), "trunkline v1 media copies", 32)},
      store_{store},
      pool_{pool},
      clock_{clock} {
    std::error_code ignored;  // the first write reports a folder that cannot be made
    std::filesystem::create_directories(options_.folder, ignored);
    ::chmod(options_.folder.c_str(), 0700);
}

Result<void> Copies::recall() {
    std::unordered_set<std::string> files;
    std::error_code bad;
    // Not a range-for: its step throws when the disk fails.
    std::filesystem::directory_iterator at{options_.folder, bad};
    for (; !bad && at != std::filesystem::directory_iterator{}; at.increment(bad))
        files.insert(at->path().filename().string());
    if (bad) return Error{Fault::storage, "the folder of copies cannot be read: " + bad.message()};
    for (std::string after;;) {
        auto rows = store_.rows(store::Table::copy, std::string{kByEnd}, after, kPage);
        if (!rows) return rows.error();
        store::Batch batch;
        for (const store::Row& row : *rows) {
            const auto end = end_from(row);
            if (!end || files.erase(end->id) == 0) {
                batch.erase.push_back({store::Table::copy, row.key});
                continue;
            }
            ++usage_->files;
            usage_->bytes += on_disk(end->size);
            usage_->by_portal[end->portal] += on_disk(end->size);
        }
        if (!rows->empty()) after = rows->back().key;
        if (!batch.erase.empty()) {
            auto written = store_.commit_and_wait(std::move(batch));
            if (!written) return written.error();
        }
        if (rows->size() < kPage) break;
    }
    for (const std::string& name : files)  // written, but not known when the host ended
        ::unlink(path(name).c_str());
    if (!files.empty()) spdlog::info("media.copies_tidied files={}", files.size());
    return {};
}

Result<std::optional<Copies::Known>> Copies::known(const std::string& key) const {
    auto row = store_.row(store::Table::copy, key);
    if (!row) return row.error();
    if (!*row) return std::optional<Known>{};
    StoredRow stored{"copy " + key, (*row)->value};
    Known out;
    out.copy.id = stored.text("id");
    out.copy.size = static_cast<std::uint64_t>(std::max<std::int64_t>(stored.number("size"), 0));
    out.portal = stored.text("portal");
    out.until_ms = stored.number("until");
    Ulid parsed;
    auto whole = stored.whole();
    if (!whole || !Ulid::parse(out.copy.id, parsed)) {
        spdlog::error("media.row_unreadable table=copy");
        return std::optional<Known>{};
    }
    if (out.until_ms <= clock_.wall_ms()) return std::optional<Known>{};
    return std::optional<Known>{std::move(out)};
}

async::Awaitable<Result<std::optional<Copy>>> Copies::find(AccountId account, std::string ref) {
    const std::string key = file_key(account, ref);
    const auto look = [this, &key] { return known(key); };
    auto found = co_await pool_.run(look);
    if (!found) co_return found.error();
    std::optional<Copy> copy;
    if (*found) copy = (*found)->copy;
    co_return copy;
}

std::shared_ptr<const net::FileBytes> Copies::bytes(const Copy& copy) const {
    auto opened = SealedFile::open(cipher_, copy.id, path(copy.id));
    if (opened && (*opened)->size() == copy.size) return *std::move(opened);
    spdlog::error("media.damaged copy={}", copy.id);
    return nullptr;
}

bool Copies::disk_has(std::uint64_t bytes) const {
    struct statvfs disk {};
    if (::statvfs(options_.folder.c_str(), &disk) != 0) return false;
    return std::uint64_t{disk.f_bavail} * disk.f_frsize >= options_.free_bytes_min + bytes;
}

async::Awaitable<Result<void>> Copies::make_room(Growing* growing, std::uint64_t size) {
    const std::uint64_t wanted = on_disk(size);
    if (growing->room.reach(wanted)) co_return Result<void>{};
    const auto clear = [this] { return sweep(), true; };
    co_await pool_.run(clear);
    if (growing->room.reach(wanted)) co_return Result<void>{};
    co_return Error{Fault::throttled, "there is no room for more copies"};
}

async::Awaitable<Result<std::string>> Copies::read_within(Growing* growing) {
    auto piece = co_await growing->pieces();
    if (!piece || piece->empty()) co_return piece;
    growing->size += piece->size();
    auto room = co_await make_room(growing, growing->size);
    if (!room) co_return room.error();
    co_return piece;
}

async::Awaitable<Result<Copy>> Copies::add(
    Wanted wanted, Pieces pieces, std::vector<store::Erase> with
) {
    Growing growing{
        {usage_, wanted.portal.text(), options_.bytes_max, wanted.portal_bytes_max},
        std::move(pieces),
        0};
    const std::uint64_t told = wanted.size.value_or(0);
    if (told > wanted.bytes_max) co_return Error{Fault::rejected, "larger than allowed"};
    auto room = co_await make_room(&growing, told);
    if (!room) co_return room.error();
    const auto look = [this, told] { return disk_has(told); };
    const bool fits = co_await pool_.run(look);
    if (!fits) co_return Error{Fault::storage, "too little space is left on the disk"};

    Copy copy{make_ulid(clock_.wall_ms()).text(), 0};
    Intake intake{copy.id, path(copy.id), wanted.bytes_max, {}};
    Pieces within = [this, &growing] { return read_within(&growing); };
    auto taken = co_await take_in(pool_, cipher_, std::move(intake), std::move(within));
    if (!taken) co_return taken.error();
    copy.size = taken->size;
    store::Batch batch;
    const std::string key = file_key(wanted.account, wanted.ref);
    put_rows(key, copy, wanted.portal.text(), wanted.until_ms, batch);
    batch.erase = std::move(with);
    auto written = co_await store_.commit(std::move(batch));
    if (!written) {
        const auto remove = [this, &copy] { return ::unlink(path(copy.id).c_str()); };
        co_await pool_.run(remove);
        co_return written.error();
    }
    growing.room.keep(on_disk(copy.size));
    co_return copy;
}

async::Awaitable<Result<void>> Copies::prolong(
    AccountId account, std::string ref, WallMs until_ms, std::vector<store::Erase> with
) {
    const std::string key = file_key(account, ref);
    const auto look = [this, &key] { return known(key); };
    auto found = co_await pool_.run(look);
    if (!found) co_return found.error();
    if (!*found) co_return Error{Fault::not_found, "there is no copy"};
    store::Batch batch;
    batch.erase = std::move(with);
    if ((*found)->until_ms < until_ms) {
        put_rows(key, (*found)->copy, (*found)->portal, until_ms, batch);
        batch.erase.push_back({store::Table::copy, end_key((*found)->until_ms, (*found)->copy.id)});
    }
    auto written = co_await store_.commit(std::move(batch));
    if (!written) co_return written.error();
    co_return Result<void>{};
}

void Copies::release(const std::string& portal, std::uint64_t size) {
    const std::lock_guard lock{usage_->mutex};
    const std::uint64_t bytes = on_disk(size);
    usage_->files -= std::min<std::uint64_t>(usage_->files, 1);
    usage_->bytes -= std::min(usage_->bytes, bytes);
    std::uint64_t& of_portal = usage_->by_portal[portal];
    of_portal -= std::min(of_portal, bytes);
    if (of_portal == 0) usage_->by_portal.erase(portal);
}

/// One page of those that have ended; whether there may be more.
bool Copies::sweep_some() {
    const WallMs now = clock_.wall_ms();
    auto rows = store_.rows(store::Table::copy, std::string{kByEnd}, "", kPage);
    if (!rows) return false;
    store::Batch batch;
    std::vector<End> ended;
    for (const store::Row& row : *rows) {
        auto end = end_from(row);
        if (!end) {  // recalled no more, so not counted either
            batch.erase.push_back({store::Table::copy, row.key});
            continue;
        }
        if (end->until_ms > now) break;
        batch.erase.push_back({store::Table::copy, row.key});
        auto current = store_.row(store::Table::copy, end->of);
        if (!current) return false;
        if (*current) {  // unless a later copy of the same file has taken its place
            StoredRow stored{"copy " + end->of, (*current)->value};
            if (stored.text("id") == end->id) batch.erase.push_back({store::Table::copy, end->of});
        }
        ended.push_back(*std::move(end));
    }
    if (batch.erase.empty()) return false;
    if (auto written = store_.commit_and_wait(std::move(batch)); !written) {
        spdlog::error("media.sweep_failed reason={}", written.error().context);
        return false;
    }
    for (const End& end : ended) {
        ::unlink(path(end.id).c_str());
        release(end.portal, end.size);
    }
    if (!ended.empty()) spdlog::info("media.copies_swept files={}", ended.size());
    return rows->size() == kPage;
}

void Copies::sweep() {
    const std::lock_guard lock{sweeping_};
    while (sweep_some()) {
    }
}

Copies::Figures Copies::figures() const {
    const std::lock_guard lock{usage_->mutex};
    return {usage_->files, usage_->bytes, options_.bytes_max};
}

}  // namespace trunkline::media
