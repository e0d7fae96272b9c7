#include "portal/desk/disk_files.hpp"

#include <array>
#include <cstring>
#include <filesystem>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "host/base/base64.hpp"
#include "host/net/range.hpp"
#include "host/net/url.hpp"
#include "host/seal/crypto.hpp"

namespace trunkline::portal::desk {

namespace {

constexpr std::size_t kPieceBytes = 64 * 1024;

/// An open file; closed when the last piece of work that uses it is done.
class Handle {
public:
    explicit Handle(int descriptor) : descriptor_{descriptor} {}
    ~Handle() {
        if (descriptor_ >= 0) ::close(descriptor_);
    }
    Handle(const Handle&) = delete;
    Handle& operator=(const Handle&) = delete;
    int get() const { return descriptor_; }

private:
    int descriptor_;
};

Error disk_error(const char* what) {
    return Error{Fault::storage, std::string{what} + ": " + std::strerror(errno)};
}

/// What is being written; used by one piece of pool work at a time.
struct Writing {
    explicit Writing(int descriptor) : handle{descriptor} {}
    Handle handle;
    seal::Sha256 digest;
    std::int64_t size = 0;

    Result<bool> append(std::string_view bytes) {
        digest.update(bytes);
        size += static_cast<std::int64_t>(bytes.size());
        while (!bytes.empty()) {
            const auto written = ::write(handle.get(), bytes.data(), bytes.size());
            if (written < 0 && errno == EINTR) continue;
            if (written < 0) return disk_error("write file");
            bytes.remove_prefix(static_cast<std::size_t>(written));
        }
        return true;
    }
};

class FileBody final : public net::BodySource {
public:
    FileBody(
        std::shared_ptr<Handle> handle,
        std::uint64_t from,
        std::uint64_t count,
        async::BlockingPool& pool
    )
        : handle_{std::move(handle)}, from_{from}, left_{count}, count_{count}, pool_{pool} {}

    std::optional<std::uint64_t> size() const override { return count_; }

    async::Awaitable<Result<std::string>> read() override {
        const auto count = std::min<std::uint64_t>(left_, kPieceBytes);
        if (count == 0) co_return std::string{};
        // The pool's work shares the handle: the connection may be cut while it reads.
        auto work = [handle = handle_, from = from_, count]() -> Result<std::string> {
            std::string piece(count, '\0');
            const auto got =
                ::pread(handle->get(), piece.data(), piece.size(), static_cast<off_t>(from));
            if (got <= 0) return disk_error("read file");
            piece.resize(static_cast<std::size_t>(got));
            return piece;
        };
        auto piece = co_await pool_.run(work);
        if (piece) {
            from_ += piece->size();
            left_ -= piece->size();
        }
        co_return piece;
    }

private:
    std::shared_ptr<Handle> handle_;
    std::uint64_t from_, left_, count_;
    async::BlockingPool& pool_;
};

}  // namespace

void shield(net::Response& response, const std::string& mime, const std::string& name) {
    constexpr std::array<std::string_view, 6> kPictures{
        "image/png", "image/jpeg", "image/gif", "image/webp", "image/avif", "image/bmp"};
    const auto plain = mime.substr(0, mime.find(';'));
    const bool picture = std::find(kPictures.begin(), kPictures.end(), plain) != kPictures.end();
    const bool shown = picture || plain.starts_with("audio/") || plain.starts_with("video/");
    response.headers.push_back({"Content-Type", shown ? plain : "application/octet-stream"});
    response.headers.push_back({"X-Content-Type-Options", "nosniff"});
    response.headers.push_back({"Content-Security-Policy", "default-src 'none'; sandbox"});
    response.headers.push_back({"Cross-Origin-Resource-Policy", "same-origin"});
    response.headers.push_back({"Cache-Control", "private, max-age=3600"});
    response.headers.push_back(
        {"Content-Disposition",
         std::string{shown ? "inline" : "attachment"} +
             (name.empty() ? std::string{} : "; filename*=UTF-8''" + net::percent_encode(name))}
    );
}

Result<DiskFiles> DiskFiles::open(std::string folder, async::BlockingPool& pool) {
    std::error_code failure;
    std::filesystem::create_directories(folder, failure);
    if (!failure) std::filesystem::permissions(folder, std::filesystem::perms::owner_all, failure);
    if (failure) return Error{Fault::storage, "make folder " + folder + ": " + failure.message()};
    return DiskFiles{std::move(folder), pool};
}

async::Awaitable<Result<store::OwnFile>> DiskFiles::take(
    net::BodyReader& reader, store::OwnFile file
) {
    const auto path = folder_ + "/" + file.id;
    const auto part = path + ".part";
    auto open = [part]() -> Result<std::shared_ptr<Writing>> {
        const int descriptor = ::open(part.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
        if (descriptor < 0) return disk_error("make file");
        return std::make_shared<Writing>(descriptor);
    };
    auto writing = co_await pool_->run(open);
    if (!writing) co_return writing.error();
    const auto target = *writing;

    std::optional<Error> failure;
    while (!failure) {
        auto piece = co_await reader.read();
        if (!piece) {
            failure = piece.error();
            break;
        }
        if (piece->empty()) break;
        auto append = [target, bytes = *std::move(piece)]() { return target->append(bytes); };
        auto appended = co_await pool_->run(append);
        if (!appended) failure = appended.error();
    }
    auto finish = [target, part, path, keep = !failure]() -> Result<bool> {
        if (keep && ::fsync(target->handle.get()) == 0 && ::rename(part.c_str(), path.c_str()) == 0)
            return true;
        auto error = disk_error("keep file");
        ::unlink(part.c_str());
        return error;
    };
    auto finished = co_await pool_->run(finish);
    if (failure) co_return *std::move(failure);
    if (!finished) co_return finished.error();
    file.size = target->size;
    file.sha256 = hex_encode(target->digest.finish());
    co_return file;
}

async::Awaitable<net::Response> DiskFiles::give(store::OwnFile file, std::string range) {
    const auto path = folder_ + "/" + file.id;
    auto open = [path]() -> Result<std::shared_ptr<Handle>> {
        const int descriptor = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
        if (descriptor < 0) return Error{Fault::not_found, "file"};
        return std::make_shared<Handle>(descriptor);
    };
    auto handle = co_await pool_->run(open);
    if (!handle) co_return net::problem(404, "not_found", "the file is gone");
    const auto size = static_cast<std::uint64_t>(file.size);
    bool outside = false;
    const auto part = net::parse_range(range, size, &outside);

    net::Response response;
    response.headers.push_back({"Accept-Ranges", "bytes"});
    if (outside) {
        response.status = 416;
        response.headers.push_back({"Content-Range", "bytes */" + std::to_string(size)});
        co_return response;
    }
    response.status = part ? 206 : 200;
    if (part) response.headers.push_back({"Content-Range", part->content_range(size)});
    shield(response, file.mime, file.name);
    const auto from = part ? part->first : 0;
    const auto count = part ? part->count() : size;
    response.stream = std::make_unique<FileBody>(*std::move(handle), from, count, *pool_);
    co_return response;
}

void DiskFiles::remove(const std::string& id) {
    ::unlink((folder_ + "/" + id).c_str());
}

}  // namespace trunkline::portal::desk
