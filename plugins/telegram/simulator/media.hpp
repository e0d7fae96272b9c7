#pragma once

#include "plugins/telegram/simulator/bot.hpp"

namespace trunkline::telegram::simulator {

constexpr std::size_t kTextMax = 4096;
constexpr std::size_t kCaptionMax = 1024;

/// Puts a file of `kind` (photo, document, ...) into `message`: `upload` when it came with the
/// call, else what `given` names, an address or the id of a file of the same kind. `details` has
/// its duration and the like.
std::optional<Refusal> put_media(
    Bot& bot,
    const std::string& kind,
    const std::string& given,
    const kit::Upload* upload,
    const Parameters& details,
    json::object& message
);

/// Puts caption and entities into `message`.
std::optional<Refusal> put_caption(const Parameters& p, json::object& message);

/// An element of an album, or what editMessageMedia puts in another's place. Its file comes with
/// `call` when it is named attach://...
std::optional<Refusal> put_input_media(
    Bot& bot, const json::object& media, const Parameters& call, json::object& message
);

/// The member that makes a message what it is: "photo", "text", ...; "" when there is none.
std::string kind_of(const json::object& message);

/// A file as the Bot API describes it within a message.
json::value describe(const kit::File& file, const Parameters& details);

}  // namespace trunkline::telegram::simulator
