// Counts allocations by standing in for the C library's functions: a connector that is loaded finds
// these. Under a sanitizer, which does the same, nothing is counted.
#include "allocations.hpp"

#include <atomic>
#include <cerrno>
#include <cstddef>

namespace trunkline::conform {
namespace {

constinit std::atomic<std::uint64_t> made{0}, freed{0}, asked{0};

// A sanitizer has taken the heap.
#ifdef TRUNKLINE_SANITIZED
constexpr bool kCounted = false;
#else
constexpr bool kCounted = true;
#endif

[[maybe_unused]] void count(std::size_t bytes) noexcept {
    made.fetch_add(1, std::memory_order_relaxed);
    asked.fetch_add(bytes, std::memory_order_relaxed);
}

[[maybe_unused]] void uncount(const void* block) noexcept {
    if (block != nullptr) freed.fetch_add(1, std::memory_order_relaxed);
}

}  // namespace

Allocations allocations() noexcept {
    return {made.load(), freed.load(), asked.load()};
}

bool allocations_are_counted() noexcept {
    return kCounted;
}

}  // namespace trunkline::conform

#ifndef TRUNKLINE_SANITIZED

// NOLINTBEGIN(readability-identifier-naming): the C library's names
extern "C" {
void* __libc_malloc(std::size_t bytes);
void __libc_free(void* block);
void* __libc_calloc(std::size_t count, std::size_t bytes);
void* __libc_realloc(void* block, std::size_t bytes);
void* __libc_memalign(std::size_t alignment, std::size_t bytes);

void* malloc(std::size_t bytes) {
    trunkline::conform::count(bytes);
    return __libc_malloc(bytes);
}

void free(void* block) {
    trunkline::conform::uncount(block);
    __libc_free(block);
}

void* calloc(std::size_t count, std::size_t bytes) {
    trunkline::conform::count(count * bytes);
    return __libc_calloc(count, bytes);
}

void* realloc(void* block, std::size_t bytes) {
    trunkline::conform::uncount(block);
    if (bytes > 0) trunkline::conform::count(bytes);
    return __libc_realloc(block, bytes);
}

void* aligned_alloc(std::size_t alignment, std::size_t bytes) {
    trunkline::conform::count(bytes);
    return __libc_memalign(alignment, bytes);
}

void* memalign(std::size_t alignment, std::size_t bytes) {
    trunkline::conform::count(bytes);
    return __libc_memalign(alignment, bytes);
}

int posix_memalign(void** out, std::size_t alignment, std::size_t bytes) {
    void* const block = __libc_memalign(alignment, bytes);
    if (block == nullptr) return ENOMEM;
    trunkline::conform::count(bytes);
    *out = block;
    return 0;
}
}
// NOLINTEND(readability-identifier-naming)

#endif
