#pragma once

#include <optional>
#include <string>

#include "plugins/telegram/simulator/world.hpp"

namespace trunkline::telegram::simulator {

/// Fills in what a customer's message says. `what`'s "kind" is text, photo, document, voice, video,
/// audio, animation, video_note ("bytes" in base64, "name", "mime", "size" when it claims to be
/// larger), sticker ("emoji"), location ("latitude", "longitude", "live_period"), venue ("title",
/// "address"), contact ("phone_number", "first_name", "contact_user"), dice, poll, or story. Or why
/// not.
std::optional<std::string> fill_content(
    World& world, const json::object& what, json::object& message
);

}  // namespace trunkline::telegram::simulator
