#include "trunkline/simulator/files.hpp"

#include "trunkline/simulator/url.hpp"

namespace trunkline::simulator {
namespace {

constexpr std::uint64_t kTotalMax = 256ULL << 20U;

struct Part {
    std::uint64_t first = 0, last = 0;
};

/// The one range of bytes that is asked for. `outside` is set when it lies behind the end.
std::optional<Part> part_of(std::string_view range, std::uint64_t size, bool& outside) {
    constexpr std::string_view kBytes = "bytes=";
    if (!range.starts_with(kBytes)) return std::nullopt;
    range.remove_prefix(kBytes.size());
    const std::size_t dash = range.find('-');
    if (dash == std::string_view::npos) return std::nullopt;
    const auto first = whole_number(range.substr(0, dash));
    const auto last = whole_number(range.substr(dash + 1));
    if (dash == 0) {
        if (!last || *last < 0) return std::nullopt;
        const auto count = static_cast<std::uint64_t>(*last);
        outside = count == 0 || size == 0;
        return Part{count >= size ? 0 : size - count, size - 1};
    }
    if (!first || *first < 0 || (!last && dash + 1 != range.size())) return std::nullopt;
    Part out{static_cast<std::uint64_t>(*first), size - 1};
    if (last && *last < *first) return std::nullopt;
    if (last && static_cast<std::uint64_t>(*last) < out.last)
        out.last = static_cast<std::uint64_t>(*last);
    outside = out.first >= size;
    return out;
}

}  // namespace

const File& Files::add(File file) {
    if (file.size == 0) file.size = file.bytes.size();
    if (total_ + file.bytes.size() > kTotalMax) clear();
    total_ += file.bytes.size();
    paths_[file.path] = file.id;
    return files_[file.id] = std::move(file);
}

const File* Files::find(const std::string& id) const {
    const auto at = files_.find(id);
    return at == files_.end() ? nullptr : &at->second;
}

const File* Files::find_path(const std::string& path) const {
    const auto at = paths_.find(path);
    return at == paths_.end() ? nullptr : find(at->second);
}

void Files::clear() {
    files_.clear();
    paths_.clear();
    total_ = 0;
}

Response serve(const File& file, std::string_view range, const std::string& mime) {
    Response response;
    response.headers = {{"Content-Type", mime}, {"Accept-Ranges", "bytes"}};
    const std::string size = std::to_string(file.bytes.size());
    bool outside = false;
    const auto part = part_of(range, file.bytes.size(), outside);
    if (outside) {
        response.status = 416;
        response.headers.emplace_back("Content-Range", "bytes */" + size);
    } else if (part) {
        response.status = 206;
        response.headers.emplace_back(
            "Content-Range",
            "bytes " + std::to_string(part->first) + "-" + std::to_string(part->last) + "/" + size
        );
        response.body = file.bytes.substr(part->first, part->last - part->first + 1);
    } else {
        response.body = file.bytes;
    }
    return response;
}

}  // namespace trunkline::simulator
