#include "host/net/upload.hpp"

#include <algorithm>
#include <cstring>

#include "host/base/base64.hpp"

namespace trunkline::net {

PartSource::PartSource(const Part& part)
    : bytes_{&part.bytes},
      file_{part.file},
      raw_size_{part.file ? part.file->size() : part.bytes.size()},
      base64_{part.base64} {}

PartSource::PartSource(const std::string& bytes) : bytes_{&bytes}, raw_size_{bytes.size()} {}

std::uint64_t PartSource::size() const noexcept {
    return base64_ ? (raw_size_ + 2) / 3 * 4 : raw_size_;
}

void PartSource::rewind() noexcept {
    raw_read_ = 0;
    staged_.clear();
    staged_at_ = 0;
}

std::int64_t PartSource::read_raw(char* into, std::size_t room) {
    const auto want =
        static_cast<std::size_t>(std::min<std::uint64_t>(room, raw_size_ - raw_read_));
    if (want == 0) return 0;
    if (!file_) {
        std::memcpy(into, bytes_->data() + raw_read_, want);
        raw_read_ += want;
        return static_cast<std::int64_t>(want);
    }
    if (raw_read_ < piece_from_ || raw_read_ - piece_from_ >= piece_.size()) {
        piece_from_ = raw_read_;
        // Nothing before the end would be a file that became shorter; its length is promised.
        if (!file_->read(raw_read_, piece_) || piece_.empty()) return -1;
    }
    const auto at = static_cast<std::size_t>(raw_read_ - piece_from_);
    const std::size_t got = std::min(want, piece_.size() - at);
    std::memcpy(into, piece_.data() + at, got);
    raw_read_ += got;
    return static_cast<std::int64_t>(got);
}

// Encodes the next stretch: whole groups of three, except at the end.
bool PartSource::refill() {
    constexpr std::size_t kStretchBytes = 3 * 8 * 1024;
    std::string raw(kStretchBytes, '\0');
    std::size_t filled = 0;
    while (filled < raw.size() && raw_read_ < raw_size_) {
        const auto got = read_raw(raw.data() + filled, raw.size() - filled);
        if (got < 0) return false;
        filled += static_cast<std::size_t>(got);
    }
    raw.resize(filled);
    staged_ = base64_encode(raw);
    staged_at_ = 0;
    return true;
}

std::int64_t PartSource::read(char* into, std::size_t room) {
    if (!base64_) return read_raw(into, room);
    if (staged_at_ == staged_.size() && !refill()) return -1;
    const auto n = std::min(room, staged_.size() - staged_at_);
    std::memcpy(into, staged_.data() + staged_at_, n);
    staged_at_ += n;
    return static_cast<std::int64_t>(n);
}

Result<void> Upload::open(const ClientRequest& request) {
    once_ = request.once;
    multipart_ = !request.parts.empty() && !request.joined;
    if (request.parts.empty()) sources_.push_back(std::make_unique<PartSource>(request.body));
    for (const auto& part : request.parts) {
        if (part.base64 && multipart_) {
            return Error{Fault::rejected, "base64 parts can only be joined"};
        }
        sources_.push_back(std::make_unique<PartSource>(part));
    }
    for (const auto& source : sources_)
        size_ += source->size();
    return {};
}

std::int64_t Upload::read(char* into, std::size_t room) {
    started_ = true;
    while (at_ < sources_.size()) {
        const auto got = sources_[at_]->read(into, room);
        if (got != 0) return got;
        ++at_;
    }
    return 0;
}

bool Upload::rewind() noexcept {
    if (once_ && started_) return false;
    at_ = 0;
    for (auto& source : sources_)
        source->rewind();
    return true;
}

}  // namespace trunkline::net
