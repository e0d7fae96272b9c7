#include "host/media/intake.hpp"

#include <filesystem>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "host/base/base64.hpp"
#include "host/media/sealed_file.hpp"

namespace trunkline::media {
namespace {

/// A file being written under a temporary name: removed unless it was kept.
struct Draft {
    std::string path;
    int descriptor = -1;
    ~Draft() {
        if (descriptor >= 0) ::close(descriptor);
        if (!path.empty()) ::unlink(path.c_str());
    }
};

/// The name of a new file survives a power cut only when its folder was written too.
bool sync_folder_of(const std::string& path) {
    const std::string folder = std::filesystem::path{path}.parent_path().string();
    const int descriptor = ::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (descriptor < 0) return false;
    const bool synced = ::fsync(descriptor) == 0;
    ::close(descriptor);
    return synced;
}

}  // namespace

async::Awaitable<Result<Taken>> take_in(
    async::BlockingPool& pool, const seal::AtRest& cipher, Intake intake, Pieces pieces
) {
    Draft draft;
    draft.path = intake.path + "." + hex_encode(seal::random_bytes(4)) + ".part";
    draft.descriptor = ::open(draft.path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    if (draft.descriptor < 0) {
        draft.path.clear();
        co_return Error{Fault::storage, "media folder cannot be written"};
    }
    SealedWriter sealed{cipher, intake.id, draft.descriptor};
    seal::Sha256 digest;
    Taken taken;
    for (;;) {
        auto piece = co_await pieces();
        if (!piece) co_return piece.error();
        if (piece->empty()) break;
        taken.size += piece->size();
        if (taken.size > intake.bytes_max)
            co_return Error{Fault::rejected, "more bytes than announced or allowed"};
        digest.update(*piece);
        const auto write = [&sealed, &piece] { return sealed.add(*piece); };
        auto wrote = co_await pool.run(write);
        if (!wrote) co_return Error{Fault::storage, "media folder is full or broken"};
    }
    taken.sha256 = hex_encode(digest.finish());
    if (!intake.sha256.empty() && taken.sha256 != intake.sha256)
        co_return Error{Fault::malformed, "sha256 differs from what was announced"};
    const auto keep = [&draft, &sealed, &intake] {
        return sealed.finish() && ::fsync(draft.descriptor) == 0 &&
               ::rename(draft.path.c_str(), intake.path.c_str()) == 0 &&
               sync_folder_of(intake.path);
    };
    auto kept = co_await pool.run(keep);
    if (!kept) co_return Error{Fault::storage, "media folder is full or broken"};
    draft.path.clear();
    co_return taken;
}

}  // namespace trunkline::media
