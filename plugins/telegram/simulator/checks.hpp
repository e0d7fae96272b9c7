#pragma once

#include <optional>
#include <string>

#include "plugins/telegram/simulator/words.hpp"
#include "plugins/telegram/simulator/world.hpp"

/// What the Bot API refuses in what it is sent and no table can say. Pure.
namespace trunkline::telegram::simulator {

/// Text and entities as Telegram keeps them: trimmed, entities in UTF-16 units inside the text.
struct FormattedText {
    std::string text;
    json::array entities;
};
std::optional<Refusal> read_text(
    const Parameters& from,
    std::string_view text_name,
    std::string_view entities_name,
    std::size_t max_units,
    bool may_be_empty,
    FormattedText& out
);

/// What a message's `reply_markup` asks for.
struct Markup {
    std::optional<json::object> inline_keyboard;  ///< shown below the message, and part of it
    std::optional<json::object> reply;  ///< keyboard, remove_keyboard or force_reply, as it came
};
std::optional<Refusal> read_markup(const Parameters& from, Markup& out);
/// A telephone number or a place is asked for in private chats alone.
std::optional<Refusal> check_requests(const Markup& markup, const Chat& chat);

bool is_web_url(std::string_view url);

/// True when a UTF-16 offset of `text` falls between characters, or at the end.
bool is_border(std::string_view text, std::size_t offset);

}  // namespace trunkline::telegram::simulator
