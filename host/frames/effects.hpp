#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include <trunkline/abi.h>

#include "host/frames/wire.hpp"

/// Calls of the effects table as bytes: what a child's connector asked for, in its order.
namespace trunkline::frames {

/// Records calls. Arguments are those of the table; structs in this version's size, already found
/// readable.
class EffectWriter {
public:
    void http(std::uint32_t input, std::uint64_t task, std::uint32_t step, const tl_http& http);
    void timer(std::uint32_t input, std::uint64_t task, std::uint32_t step, std::int64_t due_ms);
    void form(std::uint32_t input, std::uint64_t task, std::uint32_t step, tl_view json);
    void get(
        std::uint32_t input, std::uint64_t task, std::uint32_t step, std::int32_t scope, tl_view key
    );
    void put(
        std::uint32_t input,
        std::uint64_t task,
        std::int32_t scope,
        tl_view key,
        tl_view value,
        std::int64_t expires_ms,
        std::uint32_t flags
    );
    void item(std::uint32_t input, std::uint64_t task, const tl_item& item);
    void route(std::uint32_t input, std::uint64_t task, tl_view account_key, tl_view body);
    void alias(std::uint32_t input, std::uint64_t task, tl_view conversation, tl_view former);
    void source(
        std::uint32_t input, std::uint64_t task, const tl_http& http, std::int64_t expires_ms
    );
    void health(
        std::uint32_t input,
        std::uint64_t task,
        tl_view state,
        tl_view code,
        tl_view text,
        std::int64_t until_ms
    );
    void answer(std::uint32_t input, std::uint64_t task, const tl_answer& answer);
    void outcome(std::uint32_t input, std::uint64_t task, const tl_outcome& outcome);

    std::string_view bytes() const noexcept { return bytes_; }
    void clear() noexcept { bytes_.clear(); }

private:
    enum class Verb : std::uint8_t;
    Writer begin(Verb verb, std::uint32_t input, std::uint64_t task);
    void request(Writer& out, const tl_http& http);
    void pairs(Writer& out, const tl_pair* pairs, std::uint32_t count);

    std::string bytes_;
    friend class EffectReader;
};

/// Reads recorded calls, one after the other, and makes each again.
class EffectReader {
public:
    explicit EffectReader(std::string_view bytes) : in_{bytes} {}

    /// Goes to the next call; false at the end, or when what follows is none.
    bool next();
    /// Something was no effect; nothing behind it was read.
    bool failed() const noexcept { return in_.failed(); }

    std::uint32_t input() const noexcept { return input_; }  ///< whose effect it is
    std::uint64_t task() const noexcept { return task_; }

    /// Calls `effects` with the same arguments.
    tl_status perform(const tl_effects& effects) const;

private:
    void read_request();
    void read_pairs(std::uint32_t& count, const tl_pair*& first);

    Reader in_;
    std::uint8_t verb_ = 0;
    std::uint32_t input_ = 0;
    std::uint64_t task_ = 0;
    std::uint32_t step_ = 0;
    std::int32_t scope_ = 0;
    std::uint32_t flags_ = 0;
    std::int64_t time_ms_ = 0;
    tl_view texts_[3]{};
    tl_http http_{};
    tl_item item_{};
    tl_answer answer_{};
    tl_outcome outcome_{};
    std::vector<tl_pair> pairs_;
    std::vector<tl_part> parts_;
};

}  // namespace trunkline::frames
