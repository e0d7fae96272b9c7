#include "host/media/files.hpp"

#include <filesystem>

#include <boost/json.hpp>
#include <spdlog/spdlog.h>
#include <sys/stat.h>

#include "host/base/base64.hpp"
#include "host/base/stored_row.hpp"
#include "host/base/ulid.hpp"
#include "host/media/sealed_file.hpp"

namespace trunkline::media {
namespace {

namespace json = boost::json;

std::string to_row(const File& file) {
    return json::serialize(json::object{
        {"portal", file.portal.text()},
        {"name", file.name},
        {"mime", file.mime},
        {"size", file.size},
        {"sha256", file.sha256},
        {"ready", file.ready},
    });
}

Result<File> from_row(const std::string& id, const std::string& row) {
    StoredRow stored{"upload f/" + id, row};
    File file;
    file.id = id;
    file.portal = PortalId{stored.text("portal")};
    file.name = stored.text("name");
    file.mime = stored.text("mime");
    file.size = static_cast<std::uint64_t>(std::max<std::int64_t>(stored.number("size"), 0));
    file.sha256 = stored.text("sha256");
    file.ready = stored.flag("ready");
    auto whole = stored.whole();
    if (!whole) return whole.error();
    return file;
}

}  // namespace

Files::Files(Options options, store::Store& store, async::BlockingPool& pool, const Clock& clock)
    : options_{std::move(options)},
      cipher_{seal::hkdf_sha256(options_.key.reveal(), "trunkline v1 media files", 32)},
      store_{store},
      pool_{pool},
      clock_{clock} {
    std::error_code ignored;  // the first write reports a folder that cannot be made
    std::filesystem::create_directories(options_.folder, ignored);
    ::chmod(options_.folder.c_str(), 0700);
}

std::string Files::path(const std::string& id) const {
    Ulid parsed;
    return Ulid::parse(id, parsed) ? options_.folder + "/" + id : "";
}

std::shared_ptr<const net::FileBytes> Files::bytes(const std::string& id) const {
    const std::string where = path(id);
    if (where.empty()) return nullptr;
    auto opened = SealedFile::open(cipher_, id, where);
    if (opened) return *std::move(opened);
    if (opened.error().fault == Fault::storage) spdlog::error("media.damaged file={}", id);
    return nullptr;
}

async::Awaitable<Result<void>> Files::save(File file, std::string token) {
    store::Batch batch;
    const WallMs expires = clock_.wall_ms() + options_.keep_ms;
    batch.put.push_back({store::Table::upload, "f/" + file.id, to_row(file), expires});
    if (!token.empty() && file.ready)
        batch.erase.push_back({store::Table::upload, "t/" + token});
    else if (!token.empty())
        batch.put.push_back({store::Table::upload, "t/" + token, file.id, expires});
    auto written = co_await store_.commit(std::move(batch));
    if (!written) co_return written.error();
    co_return Result<void>{};
}

async::Awaitable<Result<std::string>> Files::announce(File file) {
    std::string token = base64url_encode(seal::random_bytes(32));
    auto saved = co_await save(std::move(file), token);
    if (!saved) co_return saved.error();
    co_return token;
}

async::Awaitable<Result<Taken>> Files::write(
    std::string id, std::uint64_t bytes_max, std::string expected, Pieces pieces
) {
    Intake intake{id, path(id), bytes_max, std::move(expected)};
    if (intake.path.empty()) co_return Error{Fault::malformed, "not the id of a file"};
    auto taken = co_await take_in(pool_, cipher_, std::move(intake), std::move(pieces));
    co_return taken;
}

async::Awaitable<Result<File>> Files::fill(
    std::string token, std::optional<std::uint64_t> length, Pieces pieces
) {
    auto looked = co_await pool_.run([this, &token]() -> Result<File> {
        auto id = store_.row(store::Table::upload, "t/" + token);
        if (!id) return id.error();
        if (!*id) return Error{Fault::not_found, "no such upload, or it was used"};
        auto row = store_.row(store::Table::upload, "f/" + (*id)->value);
        if (!row) return row.error();
        if (!*row) return Error{Fault::not_found, "no such upload, or it was used"};
        auto file = from_row((*id)->value, (*row)->value);
        return file;
    });
    if (!looked) co_return looked.error();
    File file = *std::move(looked);
    if (length && *length != file.size)
        co_return Error{Fault::malformed, "Content-Length differs from the announced size"};
    auto written = co_await write(file.id, file.size, file.sha256, std::move(pieces));
    if (!written) co_return written.error();
    if (written->size != file.size) co_return Error{Fault::malformed, "fewer bytes than announced"};
    file.ready = true;
    auto saved = co_await save(file, token);
    if (!saved) co_return saved.error();
    co_return file;
}

async::Awaitable<Result<File>> Files::keep(File file, std::uint64_t bytes_max, Pieces pieces) {
    std::string any;
    auto written = co_await write(file.id, bytes_max, std::move(any), std::move(pieces));
    if (!written) co_return written.error();
    file.size = written->size;
    file.sha256 = written->sha256;
    file.ready = true;
    auto saved = co_await save(file, "");
    if (!saved) co_return saved.error();
    co_return file;
}

async::Awaitable<Result<File>> Files::find(std::string id) {
    auto row =
        co_await pool_.run([this, &id] { return store_.row(store::Table::upload, "f/" + id); });
    if (!row) co_return row.error();
    if (!*row) co_return Error{Fault::not_found, "no such file"};
    auto file = from_row(id, (*row)->value);
    if (!file) {
        // Nobody waits for it to be repaired.
        spdlog::error("media.row_unreadable reason={}", file.error().context);
        co_return Error{Fault::not_found, "no such file"};
    }
    if (!file->ready) co_return Error{Fault::not_found, "no such file"};
    co_return file;
}

void Files::sweep() {
    std::error_code bad;
    const auto limit =
        std::filesystem::file_time_type::clock::now() - std::chrono::milliseconds{options_.keep_ms};
    std::size_t removed = 0;
    // Not a range-for: its step throws when the disk fails.
    std::filesystem::directory_iterator at{options_.folder, bad};
    for (; !bad && at != std::filesystem::directory_iterator{}; at.increment(bad)) {
        std::error_code failed;
        const auto written = at->last_write_time(failed);
        if (!failed && written < limit && std::filesystem::remove(at->path(), failed)) ++removed;
    }
    if (bad) spdlog::error("media.sweep_failed reason={}", bad.message());
    if (removed != 0) spdlog::info("media.swept files={}", removed);
}

async::Awaitable<Result<std::string>> FileSource::read() {
    if (left_ == 0) co_return std::string{};
    std::string piece;
    const auto read = [this, &piece] { return file_->read(at_, piece) && !piece.empty(); };
    const bool good = co_await pool_.run(read);
    if (!good) co_return Error{Fault::storage, "the file cannot be read"};
    if (piece.size() > left_) piece.resize(static_cast<std::size_t>(left_));
    at_ += piece.size();
    left_ -= piece.size();
    co_return piece;
}

}  // namespace trunkline::media
