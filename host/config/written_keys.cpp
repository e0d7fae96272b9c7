#include "host/config/written_keys.hpp"

#include <algorithm>
#include <cstdint>
#include <cstring>
#include <string_view>

namespace trunkline::config {

namespace {

// A name is as long as the file lets it be, and nearly always shorter than 128 bytes.
void pack(std::size_t number, std::string& to) {
    for (; number >= 0x80; number >>= 7U)
        to.push_back(static_cast<char>(number | 0x80U));
    to.push_back(static_cast<char>(number));
}

}  // namespace

WrittenKeys::WrittenKeys(const std::map<std::string, std::size_t>& digests) {
    std::string_view before;
    for (const auto& [name, digest] : digests) {
        const auto rest = std::ranges::mismatch(before, name).in2;
        const auto shared = static_cast<std::size_t>(rest - name.begin());
        pack(shared, packed_);
        pack(name.size() - shared, packed_);
        packed_.append(name, shared);
        packed_.append(reinterpret_cast<const char*>(&digest), sizeof digest);
        before = name;
    }
    packed_.shrink_to_fit();
}

/// Goes through the keys in the order of their names.
class WrittenKeys::Reader {
public:
    explicit Reader(const WrittenKeys& keys)
        : at_{keys.packed_.data()}, end_{at_ + keys.packed_.size()} {
        next();
    }

    bool done() const { return done_; }
    const std::string& name() const { return name_; }
    std::size_t digest() const { return digest_; }

    void next() {
        done_ = at_ == end_;
        if (done_) return;
        name_.resize(number());
        const auto rest = number();
        name_.append(at_, rest);
        at_ += rest;
        std::memcpy(&digest_, at_, sizeof digest_);
        at_ += sizeof digest_;
    }

private:
    std::size_t number() {
        std::size_t out = 0;
        for (unsigned shift = 0;; shift += 7) {
            const auto byte = static_cast<std::uint8_t>(*at_++);
            out |= std::size_t{byte & 0x7fU} << shift;
            if (byte < 0x80) return out;
        }
    }

    const char* at_;
    const char* end_;
    std::string name_;
    std::size_t digest_ = 0;
    bool done_ = false;
};

std::vector<std::string> changed_keys(const WrittenKeys& before, const WrittenKeys& after) {
    std::vector<std::string> out;
    WrittenKeys::Reader was{before};
    WrittenKeys::Reader is{after};
    while (!was.done() || !is.done()) {
        const bool gone = is.done() || (!was.done() && was.name() < is.name());
        const bool added = was.done() || (!is.done() && is.name() < was.name());
        if (gone || added || was.digest() != is.digest())
            out.push_back(gone ? was.name() : is.name());
        if (!added) was.next();
        if (!gone) is.next();
    }
    return out;
}

}  // namespace trunkline::config
