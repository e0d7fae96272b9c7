#include "host/store/keys.hpp"

#include <cstring>

namespace trunkline::store {

void Key::add(std::uint64_t value, std::size_t bytes) noexcept {
    for (std::size_t i = bytes; i-- > 0;)
        bytes_[size_++] = static_cast<char>((value >> (8 * i)) & 0xffU);
}

Key Key::of_lane(LaneId lane) noexcept {
    Key key;
    key.add(lane, 4);
    return key;
}

Key Key::of_record(LaneId lane, Sequence sequence) noexcept {
    Key key;
    key.add(lane, 4);
    key.add(sequence, 8);
    return key;
}

Key Key::of_conversation(LaneId lane, const Digest& conversation) noexcept {
    Key key;
    key.add(lane, 4);
    std::memcpy(key.bytes_.data() + key.size_, conversation.data(), conversation.size());
    key.size_ += conversation.size();
    return key;
}

bool parse_record_key(std::string_view key, LaneId& lane, Sequence& sequence) noexcept {
    if (key.size() != 12) return false;
    lane = 0;
    sequence = 0;
    for (std::size_t i = 0; i < 4; ++i)
        lane = (lane << 8U) | static_cast<std::uint8_t>(key[i]);
    for (std::size_t i = 4; i < 12; ++i)
        sequence = (sequence << 8U) | static_cast<std::uint8_t>(key[i]);
    return true;
}

std::string row_key(Table table, std::string_view key) {
    std::string out;
    out.reserve(key.size() + 1);
    out.push_back(static_cast<char>(table));
    out.append(key);
    return out;
}

std::string after_prefix(std::string prefix) {
    while (!prefix.empty() && static_cast<std::uint8_t>(prefix.back()) == 0xff)
        prefix.pop_back();
    if (!prefix.empty())
        prefix.back() = static_cast<char>(static_cast<std::uint8_t>(prefix.back()) + 1);
    return prefix;
}

}  // namespace trunkline::store
