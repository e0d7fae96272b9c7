#pragma once

#include <algorithm>
#include <cstdint>
#include <string>
#include <unordered_map>

namespace trunkline::outbound {

/// How many commands of an account wait, by conversation: from that follows how long a new one has
/// to wait at least. On the account's loop. As large as the part of the lane that was looked at.
class Foresight {
public:
    struct Ahead {
        std::uint64_t in_chat = 0;
        /// Of the whole account, as far as they can compete with a new one soon: a hundred that
        /// wait for one slow conversation are in nobody else's way.
        std::uint64_t in_account = 0;
    };

    /// Counts one in behind those it returns. `soon`: how many of its conversation can go soon.
    Ahead enter(const std::string& conversation, std::uint64_t soon) {
        Chat& chat = chats_.try_emplace(conversation, Chat{0, soon}).first->second;
        const Ahead ahead{chat.count, competing_};
        if (chat.count++ < chat.soon) ++competing_;
        return ahead;
    }
    void leave(const std::string& conversation) {
        const auto found = chats_.find(conversation);
        if (found == chats_.end()) return;
        Chat& chat = found->second;
        if (chat.count-- <= chat.soon) --competing_;
        if (chat.count == 0) chats_.erase(found);
    }
    bool knows(const std::string& conversation) const { return chats_.contains(conversation); }

private:
    struct Chat {
        std::uint64_t count = 0;
        std::uint64_t soon = 0;
    };

    std::unordered_map<std::string, Chat> chats_;
    std::uint64_t competing_ = 0;  ///< of each conversation those that can go soon
};

}  // namespace trunkline::outbound
