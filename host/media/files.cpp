#include "host/media/files.hpp"

#include <filesystem>

#include <boost/json.hpp>
#include <fcntl.h>
#include <spdlog/spdlog.h>
#include <sys/stat.h>
#include <unistd.h>

#include "host/base/base64.hpp"
#include "host/base/ulid.hpp"

namespace trunkline::media {
namespace {

namespace json = boost::json;

constexpr std::size_t kPiece = 64 * 1024;

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

std::optional<File> from_row(const std::string& id, const std::string& row) {
    boost::system::error_code bad;
    const json::value value = json::parse(row, bad);
    if (bad || !value.is_object()) return std::nullopt;
    const json::object& o = value.as_object();
    File file;
    file.id = id;
    file.portal = PortalId{std::string{o.at("portal").as_string()}};
    file.name = o.at("name").as_string();
    file.mime = o.at("mime").as_string();
    file.size = o.at("size").to_number<std::uint64_t>();
    file.sha256 = o.at("sha256").as_string();
    file.ready = o.at("ready").as_bool();
    return file;
}

bool write_all(int descriptor, std::string_view bytes) {
    while (!bytes.empty()) {
        const ssize_t wrote = ::write(descriptor, bytes.data(), bytes.size());
        if (wrote < 0 && errno == EINTR) continue;
        if (wrote <= 0) return false;
        bytes.remove_prefix(static_cast<std::size_t>(wrote));
    }
    return true;
}

/// A file being written under a temporary name: removed unless it was kept.
struct Draft {
    std::string path;
    int descriptor = -1;
    ~Draft() {
        if (descriptor >= 0) ::close(descriptor);
        if (!path.empty()) ::unlink(path.c_str());
    }
};

}  // namespace

Files::Files(Options options, store::Store& store, async::BlockingPool& pool, const Clock& clock)
    : options_{std::move(options)}, store_{store}, pool_{pool}, clock_{clock} {
    std::error_code ignored;  // the first write reports a folder that cannot be made
    std::filesystem::create_directories(options_.folder, ignored);
    ::chmod(options_.folder.c_str(), 0700);
}

std::string Files::path(const std::string& id) const {
    Ulid parsed;
    return Ulid::parse(id, parsed) ? options_.folder + "/" + id : "";
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

async::Awaitable<Result<std::string>> Files::write(
    std::string path,
    std::uint64_t bytes_max,
    std::string expected,
    std::uint64_t* size,
    Pieces pieces
) {
    Draft draft;
    draft.path = path + "." + hex_encode(seal::random_bytes(4)) + ".part";
    draft.descriptor = ::open(draft.path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    if (draft.descriptor < 0) co_return Error{Fault::storage, "media folder cannot be written"};
    seal::Sha256 digest;
    std::uint64_t total = 0;
    for (;;) {
        auto piece = co_await pieces();
        if (!piece) co_return piece.error();
        if (piece->empty()) break;
        total += piece->size();
        if (total > bytes_max)
            co_return Error{Fault::rejected, "more bytes than announced or allowed"};
        digest.update(*piece);
        const int descriptor = draft.descriptor;
        const auto write = [descriptor, &piece] { return write_all(descriptor, *piece); };
        auto wrote = co_await pool_.run(write);
        if (!wrote) co_return Error{Fault::storage, "media folder is full or broken"};
    }
    const std::string found = hex_encode(digest.finish());
    if (!expected.empty() && found != expected)
        co_return Error{Fault::malformed, "sha256 differs from what was announced"};
    const int descriptor = draft.descriptor;
    const auto keep = [descriptor, &draft, &path] {
        return ::fsync(descriptor) == 0 && ::rename(draft.path.c_str(), path.c_str()) == 0;
    };
    auto kept = co_await pool_.run(keep);
    if (!kept) co_return Error{Fault::storage, "media folder is full or broken"};
    draft.path.clear();
    *size = total;
    co_return found;
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
        if (!file) return Error{Fault::storage, "upload row is damaged"};
        return *std::move(file);
    });
    if (!looked) co_return looked.error();
    File file = *std::move(looked);
    if (length && *length != file.size)
        co_return Error{Fault::malformed, "Content-Length differs from the announced size"};
    std::uint64_t size = 0;
    auto written = co_await write(path(file.id), file.size, file.sha256, &size, std::move(pieces));
    if (!written) co_return written.error();
    if (size != file.size) co_return Error{Fault::malformed, "fewer bytes than announced"};
    file.ready = true;
    auto saved = co_await save(file, token);
    if (!saved) co_return saved.error();
    co_return file;
}

async::Awaitable<Result<File>> Files::keep(File file, std::uint64_t bytes_max, Pieces pieces) {
    std::uint64_t size = 0;
    auto written = co_await write(path(file.id), bytes_max, "", &size, std::move(pieces));
    if (!written) co_return written.error();
    file.size = size;
    file.sha256 = *written;
    file.ready = true;
    auto saved = co_await save(file, "");
    if (!saved) co_return saved.error();
    co_return file;
}

async::Awaitable<Result<File>> Files::find(std::string id) {
    auto row =
        co_await pool_.run([this, &id] { return store_.row(store::Table::upload, "f/" + id); });
    if (!row) co_return row.error();
    std::optional<File> file;
    if (*row) file = from_row(id, (*row)->value);
    if (!file || !file->ready) co_return Error{Fault::not_found, "no such file"};
    co_return *std::move(file);
}

void Files::sweep() {
    std::error_code bad;
    const auto limit =
        std::filesystem::file_time_type::clock::now() - std::chrono::milliseconds{options_.keep_ms};
    std::size_t removed = 0;
    for (const auto& entry : std::filesystem::directory_iterator{options_.folder, bad}) {
        std::error_code ignored;
        if (entry.last_write_time(ignored) < limit &&
            std::filesystem::remove(entry.path(), ignored))
            ++removed;
    }
    if (removed != 0) spdlog::info("media.swept files={}", removed);
}

Result<std::unique_ptr<FileSource>> FileSource::open(
    const std::string& path,
    std::uint64_t from,
    std::optional<std::uint64_t> count,
    async::BlockingPool& pool
) {
    const int descriptor = ::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
    if (descriptor < 0) return Error{Fault::not_found, "no such file"};
    struct stat status {};
    if (::fstat(descriptor, &status) != 0 || from > static_cast<std::uint64_t>(status.st_size) ||
        ::lseek(descriptor, static_cast<off_t>(from), SEEK_SET) < 0) {
        ::close(descriptor);
        return Error{Fault::not_found, "no such range"};
    }
    const std::uint64_t rest = static_cast<std::uint64_t>(status.st_size) - from;
    return std::unique_ptr<FileSource>{
        new FileSource{descriptor, count ? std::min(*count, rest) : rest, pool}};
}

FileSource::~FileSource() {
    ::close(descriptor_);
}

async::Awaitable<Result<std::string>> FileSource::read() {
    const std::size_t wanted = static_cast<std::size_t>(std::min<std::uint64_t>(kPiece, left_));
    if (wanted == 0) co_return std::string{};
    const int descriptor = descriptor_;
    auto bytes = co_await pool_.run([descriptor, wanted] {
        std::string out(wanted, '\0');
        const ssize_t got = ::read(descriptor, out.data(), wanted);
        out.resize(got > 0 ? static_cast<std::size_t>(got) : 0);
        return out;
    });
    if (bytes.empty()) co_return Error{Fault::storage, "file ended early"};
    left_ -= bytes.size();
    co_return bytes;
}

}  // namespace trunkline::media
