#include "host/media/sealed_file.hpp"

#include <algorithm>
#include <cerrno>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

namespace trunkline::media {
namespace {

constexpr std::string_view kMagic = "TLM1";
constexpr std::size_t kHeadBytes = 20;
constexpr std::size_t kOverhead = 12 + 16;  // iv and tag, see seal::AtRest
constexpr std::size_t kStride = kSealedChunkBytes + kOverhead;

bool write_all(int descriptor, std::string_view bytes) {
    while (!bytes.empty()) {
        const ssize_t wrote = ::write(descriptor, bytes.data(), bytes.size());
        if (wrote < 0 && errno == EINTR) continue;
        if (wrote <= 0) return false;
        bytes.remove_prefix(static_cast<std::size_t>(wrote));
    }
    return true;
}

bool read_all(int descriptor, std::uint64_t from, std::string& out) {
    std::size_t got = 0;
    while (got < out.size()) {
        const ssize_t n =
            ::pread(descriptor, out.data() + got, out.size() - got, static_cast<off_t>(from + got));
        if (n < 0 && errno == EINTR) continue;
        if (n <= 0) return false;
        got += static_cast<std::size_t>(n);
    }
    return true;
}

/// What a chunk is bound to. The id is of fixed length, and so is the head.
std::string context_of(
    std::string_view id, std::string_view head, std::uint64_t number, bool last
) {
    std::string context = "media file v1";
    context += '\0';
    context += id;
    context += head;
    for (int shift = 56; shift >= 0; shift -= 8)
        context += static_cast<char>(number >> static_cast<unsigned>(shift) & 0xffU);
    context += last ? '\1' : '\0';
    return context;
}

}  // namespace

SealedWriter::SealedWriter(const seal::AtRest& cipher, std::string id, int descriptor)
    : cipher_{cipher},
      id_{std::move(id)},
      descriptor_{descriptor},
      head_{std::string{kMagic} + seal::random_bytes(kHeadBytes - kMagic.size())} {}

bool SealedWriter::write_chunk(bool last) {
    std::string out;
    if (number_ == 0) out = head_;
    cipher_.encrypt(context_of(id_, head_, number_, last), waiting_, out);
    ++number_;
    waiting_.clear();
    return write_all(descriptor_, out);
}

bool SealedWriter::add(std::string_view bytes) {
    while (!bytes.empty()) {
        if (waiting_.size() == kSealedChunkBytes && !write_chunk(false)) return false;
        const std::size_t taken = std::min(bytes.size(), kSealedChunkBytes - waiting_.size());
        waiting_ += bytes.substr(0, taken);
        bytes.remove_prefix(taken);
    }
    return true;
}

bool SealedWriter::finish() {
    return write_chunk(true);
}

Result<std::shared_ptr<const SealedFile>> SealedFile::open(
    const seal::AtRest& cipher, std::string id, const std::string& path
) {
    const int descriptor = ::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
    if (descriptor < 0) return Error{Fault::not_found, "no such file"};
    std::shared_ptr<SealedFile> file{new SealedFile{cipher, std::move(id), descriptor}};
    if (!file->read_head()) return Error{Fault::storage, "the file is damaged"};
    return std::shared_ptr<const SealedFile>{std::move(file)};
}

SealedFile::~SealedFile() {
    ::close(descriptor_);
}

bool SealedFile::read_head() {
    struct stat status {};
    if (::fstat(descriptor_, &status) != 0 || !S_ISREG(status.st_mode)) return false;
    const auto bytes = static_cast<std::uint64_t>(status.st_size);
    if (bytes < kHeadBytes + kOverhead) return false;
    head_.resize(kHeadBytes);
    if (!read_all(descriptor_, 0, head_) || !head_.starts_with(kMagic)) return false;
    const std::uint64_t sealed = bytes - kHeadBytes;
    chunks_ = (sealed + kStride - 1) / kStride;
    const std::uint64_t last = sealed - (chunks_ - 1) * kStride;
    if (last < kOverhead || (last == kOverhead && chunks_ > 1)) return false;
    size_ = sealed - chunks_ * kOverhead;
    return true;
}

bool SealedFile::read(std::uint64_t from, std::string& out) const {
    out.clear();
    if (from >= size_) return from == size_;
    const std::uint64_t number = from / kSealedChunkBytes;
    const bool last = number + 1 == chunks_;
    const std::uint64_t plain =
        last ? size_ - number * kSealedChunkBytes : std::uint64_t{kSealedChunkBytes};
    std::string sealed(static_cast<std::size_t>(plain) + kOverhead, '\0');
    if (!read_all(descriptor_, kHeadBytes + number * kStride, sealed)) return false;
    if (!cipher_.decrypt(context_of(id_, head_, number, last), sealed, out)) return false;
    out.erase(0, static_cast<std::size_t>(from % kSealedChunkBytes));
    return true;
}

}  // namespace trunkline::media
