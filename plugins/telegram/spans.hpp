#pragma once

#include <string_view>

#include <boost/json.hpp>

/// Formatting, both ways: Telegram's entities (UTF-16) and universal spans (code points). Pure.
/// `[any]`
namespace trunkline::telegram {

/// Entities whose type says nothing to a reader (hashtag, bot_command, custom_emoji...) leave the
/// text as it is.
boost::json::array spans_from_entities(std::string_view text, const boost::json::array& entities);

/// At most 100 entities, which is what Telegram keeps; spans outside the text are cut or dropped.
boost::json::array entities_from_spans(std::string_view text, const boost::json::array& spans);

}  // namespace trunkline::telegram
