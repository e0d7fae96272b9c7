#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

/// What the load tool and its sink agree on: each text carries a mark that says which message of
/// which conversation it is and when it was made. Whoever passes the text on in clear can be
/// checked for loss, repeats and order.
namespace trunkline::bench {

/// Nanoseconds of the monotonic clock, the same in every process of the machine.
std::int64_t now_ns();

struct Fields {
    std::uint64_t update = 0;
    std::uint32_t conversation = 0;
    std::uint32_t number = 0;  ///< in its conversation, from 1
    std::uint32_t portal = 0;
    std::int64_t made_ns = 0;
};

std::string mark_of(const Fields& fields);  ///< "#seq=<conversation>:<number># #t=<ns>#"

/// Text of that many bytes, for whatever is to have a certain size; at most 64 KiB.
std::string_view filler(std::size_t bytes);

/// A mark as read back.
struct Mark {
    std::uint64_t conversation = 0;
    std::uint64_t number = 0;
    std::int64_t made_ns = 0;  ///< 0: it has none
};
/// Calls `found` with every mark of `text`.
template <class Found>
void for_each_mark(std::string_view text, Found found);

/// A text with {update}, {conversation}, {number}, {portal}, {mark} and {pad} in it.
class Template {
public:
    explicit Template(std::string_view text);

    /// Appends it; {pad} makes it `size` bytes long where that is possible.
    void render(const Fields& fields, std::size_t size, std::string& out) const;

private:
    struct Part {
        std::string plain;
        char field;  ///< what comes behind it; 0 = nothing
    };
    std::vector<Part> parts_;
};

/// One message of a person to a bot, as Telegram's webhooks have it.
extern const std::string_view kTelegramUpdate;

namespace detail {
bool read_mark(std::string_view text, std::size_t at, Mark& mark);
}

template <class Found>
void for_each_mark(std::string_view text, Found found) {
    constexpr std::string_view kBegin = "#seq=";
    for (auto at = text.find(kBegin); at != text.npos; at = text.find(kBegin, at)) {
        at += kBegin.size();
        Mark mark;
        if (detail::read_mark(text, at, mark)) found(mark);
    }
}

}  // namespace trunkline::bench
