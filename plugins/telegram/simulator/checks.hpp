#pragma once

#include <optional>
#include <string>

#include "plugins/telegram/simulator/parameters.hpp"
#include "plugins/telegram/simulator/world.hpp"

/// What the Bot API refuses in what it is sent, in its own words. Pure.
namespace trunkline::telegram::simulator {

Refusal bad_request(const std::string& what);

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

/// An inline keyboard, or nothing when there is none.
std::optional<Refusal> read_keyboard(const Parameters& from, std::optional<json::object>& out);

bool is_web_url(std::string_view url);

}  // namespace trunkline::telegram::simulator
