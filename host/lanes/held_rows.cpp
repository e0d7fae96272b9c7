#include "host/lanes/held_rows.hpp"

#include <algorithm>
#include <cstdint>

namespace trunkline::lanes {

namespace {

constexpr char kForm = 1;
constexpr std::size_t kFixedBytes = 1 + 8 + 8 + 16 + 8 + 4 + 8 + 4;

template <class Number>
void put(std::string& out, Number number) {
    for (int shift = static_cast<int>(sizeof(Number)) * 8 - 8; shift >= 0; shift -= 8) {
        out.push_back(static_cast<char>(
            static_cast<std::uint64_t>(number) >> static_cast<unsigned>(shift) & 0xFFU
        ));
    }
}

template <class Number>
Number take(std::string_view& in) {
    std::uint64_t number = 0;
    for (std::size_t i = 0; i < sizeof(Number); ++i)
        number = number << 8U | static_cast<std::uint8_t>(in[i]);
    in.remove_prefix(sizeof(Number));
    return static_cast<Number>(number);
}

}  // namespace

std::string held_prefix(store::LaneId lane) {
    std::string key;
    put(key, lane);
    return key;
}

std::string held_prefix(store::LaneId lane, std::string_view conversation) {
    auto key = held_prefix(lane);
    put(key, static_cast<std::uint16_t>(conversation.size())
    );  // so that no conversation is another's prefix
    key.append(conversation);
    return key;
}

std::string held_key(store::LaneId lane, std::string_view conversation, store::Sequence sequence) {
    auto key = held_prefix(lane, conversation);
    put(key, sequence);
    return key;
}

std::string write_held(const store::Record& record) {
    std::string out;
    out.reserve(kFixedBytes + record.conversation.size() + record.body.size());
    out.push_back(kForm);
    put(out, record.sequence);
    put(out, record.conversation_sequence);
    out.append(record.id.view());
    put(out, record.accepted_ms);
    put(out, record.flags);
    put(out, record.requeued);
    put(out, static_cast<std::uint32_t>(record.conversation.size()));
    out.append(record.conversation);
    out.append(record.body);
    return out;
}

bool read_held(std::string_view value, store::Record& out) {
    if (value.size() < kFixedBytes || value.front() != kForm) return false;
    value.remove_prefix(1);
    out.sequence = take<store::Sequence>(value);
    out.conversation_sequence = take<store::Sequence>(value);
    std::copy_n(value.begin(), out.id.bytes.size(), out.id.bytes.begin());
    value.remove_prefix(out.id.bytes.size());
    out.accepted_ms = take<WallMs>(value);
    out.flags = take<std::uint32_t>(value);
    out.requeued = take<store::Sequence>(value);
    const auto size = take<std::uint32_t>(value);
    if (size > value.size()) return false;
    out.conversation = value.substr(0, size);
    out.body = value.substr(size);
    return true;
}

}  // namespace trunkline::lanes
