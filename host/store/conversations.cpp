#include "host/store/conversations.hpp"

#include "host/base/assert.hpp"

namespace trunkline::store {

Result<void> Conversations::load(const Key& key) {
    if (changed_.contains(key) || cached_.contains(key)) return {};
    const auto found = medium_.get(Family::conv, key.view(), scratch_);
    if (!found) return found.error();
    Conversation conversation;
    if (*found && !read_conversation(vault_, key.view(), scratch_, conversation)) {
        return Error{Fault::storage, "a stored conversation cannot be read"};
    }
    cached_bytes_ += conversation.note.size() + conversation.current.size();
    cached_.emplace(key, std::move(conversation));
    return {};
}

Conversation& Conversations::touch(const Key& key) {
    if (const auto it = changed_.find(key); it != changed_.end()) return it->second;
    const auto known = cached_.find(key);
    TRUNKLINE_ASSERT(known != cached_.end());
    return changed_.emplace(key, known->second).first->second;
}

void Conversations::write(Writes& to) {
    for (const auto& [key, conversation] : changed_) {
        scratch_.clear();
        write_conversation(vault_, key.view(), conversation, scratch_);
        to.put(Family::conv, key.view(), scratch_);
    }
}

void Conversations::keep() {
    const auto bytes = [](const Conversation& one) { return one.note.size() + one.current.size(); };
    for (auto& [key, conversation] : changed_) {
        auto& cached = cached_[key];
        cached_bytes_ += bytes(conversation) - bytes(cached);
        cached = std::move(conversation);
    }
    changed_.clear();
    // Cheaper than keeping an order of use, and a conversation is read again with one look-up.
    if (cached_.size() > kCachedMax || cached_bytes_ > kCachedBytesMax) {
        cached_.clear();
        cached_bytes_ = 0;
    }
}

void Conversations::forget() {
    changed_.clear();
}

void Conversations::forget_all() {
    changed_.clear();
    cached_.clear();
    cached_bytes_ = 0;
}

}  // namespace trunkline::store
