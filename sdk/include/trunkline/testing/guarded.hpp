#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <memory>
#include <new>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <sys/mman.h>
#include <trunkline/abi.h>
#include <trunkline/testing/input.hpp>
#include <unistd.h>

/// Memory that shows at once when a connector reads beyond what it was lent, or after it had to
/// give it back. Linux.
namespace trunkline::inline face::testing {

/// Where bytes lie in their pages: `at_end` makes a read beyond them a fault.
enum class Place { at_end, at_start };

/// Bytes on pages of their own, before a page that nobody may touch.
class GuardedBytes {
public:
    /// `align` is a power of two; the size should be a multiple of it, or the end is rounded.
    explicit GuardedBytes(
        std::string_view bytes, std::size_t align = 1, Place where = Place::at_end
    ) {
        const auto page = static_cast<std::size_t>(sysconf(_SC_PAGESIZE));
        const std::size_t size = (bytes.size() + align - 1) / align * align;
        usable_ = (std::max<std::size_t>(size, 1) + page - 1) / page * page;
        mapped_ = usable_ + page;
        void* const place =
            mmap(nullptr, mapped_, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
        if (place == MAP_FAILED) throw std::bad_alloc{};
        base_ = static_cast<char*>(place);
        if (mprotect(base_ + usable_, page, PROT_NONE) != 0) throw std::bad_alloc{};
        data_ = where == Place::at_end ? base_ + usable_ - size : base_;
        if (!bytes.empty()) std::memcpy(data_, bytes.data(), bytes.size());
    }
    GuardedBytes(GuardedBytes&& other) noexcept
        : base_{std::exchange(other.base_, nullptr)},
          data_{other.data_},
          usable_{other.usable_},
          mapped_{other.mapped_} {}
    GuardedBytes& operator=(GuardedBytes&&) = delete;
    ~GuardedBytes() {
        if (base_ != nullptr) munmap(base_, mapped_);
    }

    char* data() const noexcept { return data_; }

    /// From now on nobody may touch any of it. The addresses stay taken, so that nothing else can
    /// come to lie there.
    void revoke() const noexcept { mprotect(base_, usable_, PROT_NONE); }

private:
    char* base_ = nullptr;
    char* data_ = nullptr;
    std::size_t usable_ = 0, mapped_ = 0;
};

/// A table as a host of another version hands it over: `tail` further bytes that mean nothing yet,
/// and nothing readable behind.
template <class Table>
class PlacedTable {
public:
    PlacedTable(const Table& table, std::size_t tail, Place where = Place::at_end)
        : bytes_{image(table, tail), 8, where} {}

    Table* get() const noexcept { return reinterpret_cast<Table*>(bytes_.data()); }
    const GuardedBytes& bytes() const noexcept { return bytes_; }

private:
    static std::string image(const Table& table, std::size_t tail) {
        std::string bytes(sizeof(Table) + tail, '\xA5');
        std::memcpy(bytes.data(), &table, sizeof(Table));
        const auto size = static_cast<std::uint32_t>(bytes.size());
        std::memcpy(bytes.data(), &size, sizeof size);
        return bytes;
    }

    GuardedBytes bytes_;
};

/// A batch of which every piece - inputs, pairs, each text - lies on pages of its own.
class GuardedBatch {
public:
    explicit GuardedBatch(std::span<const Input> inputs, Place where = Place::at_end)
        : where_{where} {
        std::vector<tl_input> batch;
        for (const Input& each : inputs)
            batch.push_back(lend(each));
        const std::string_view bytes{
            reinterpret_cast<const char*>(batch.data()), batch.size() * sizeof(tl_input)};
        size_ = static_cast<std::uint32_t>(batch.size());
        data_ = reinterpret_cast<const tl_input*>(pieces_.emplace_back(bytes, 8, where_).data());
    }

    const tl_input* data() const noexcept { return data_; }
    std::uint32_t size() const noexcept { return size_; }

    void revoke() const noexcept {
        for (const GuardedBytes& piece : pieces_)
            piece.revoke();
    }

private:
    tl_view keep(std::string_view text) {
        if (text.empty()) return {nullptr, 0};
        return {pieces_.emplace_back(text, 1, where_).data(), text.size()};
    }

    tl_input lend(const Input& in) {
        std::vector<tl_pair> pairs;
        for (const Header& each : in.headers) {
            const tl_view name = keep(each.name);
            pairs.push_back({name, keep(each.value)});
        }
        tl_input input = bare(in);
        input.pair_count = static_cast<std::uint32_t>(pairs.size());
        if (!pairs.empty()) {
            const std::string_view bytes{
                reinterpret_cast<const char*>(pairs.data()), pairs.size() * sizeof(tl_pair)};
            input.pairs =
                reinterpret_cast<const tl_pair*>(pieces_.emplace_back(bytes, 8, where_).data());
        }
        input.method = keep(in.method);
        input.target = keep(in.target);
        input.body = keep(in.body);
        input.key = keep(in.key);
        input.note = keep(in.note);
        return input;
    }

    Place where_;
    std::vector<GuardedBytes> pieces_;
    const tl_input* data_ = nullptr;
    std::uint32_t size_ = 0;
};

}  // namespace trunkline::inline face::testing
