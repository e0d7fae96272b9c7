#pragma once

#include <string>
#include <string_view>
#include <unordered_map>

#include "host/store/codec.hpp"
#include "host/store/medium.hpp"

namespace trunkline::store {

/// The conversations a group of batches touches, over a cache of those touched lately. Only the
/// committer writes them, so what is cached is what is stored. One thread.
class Conversations {
public:
    Conversations(const Medium& medium, const Vault& vault) : medium_{medium}, vault_{vault} {}

    /// Makes sure that `touch` will find it; the one step that may fail.
    Result<void> load(const Key& key);
    /// For changing; written with `write`.
    Conversation& touch(const Key& key);

    void write(Writes& to);
    void keep();    ///< the group was written
    void forget();  ///< it was not
    void forget_all();

private:
    static constexpr std::size_t kCachedMax = 32 * 1024;
    static constexpr std::size_t kCachedBytesMax = 16U << 20U;

    const Medium& medium_;
    const Vault& vault_;
    struct Hash {
        std::size_t operator()(const Key& key) const noexcept {
            return std::hash<std::string_view>{}(key.view());
        }
    };
    std::unordered_map<Key, Conversation, Hash> cached_;
    std::unordered_map<Key, Conversation, Hash> changed_;
    std::size_t cached_bytes_ = 0;
    std::string scratch_;
};

}  // namespace trunkline::store
