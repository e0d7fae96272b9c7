#include "plugins/telegram/simulator/abilities.hpp"

namespace trunkline::telegram::simulator {
namespace {

json::object sticker(const char* emoji, const char* name) {
    return {{"emoji", emoji}, {"name", name}};
}

}  // namespace

json::object abilities(const World& world) {
    const json::object bot = world.bot_user();
    return {
        {"messenger", "Telegram"},
        {"title", "Simulated Telegram"},
        {"color", "#2aabee"},
        {"business", {{"name", bot.at("first_name")}, {"username", bot.at("username")}}},
        {"file_bytes_max", 20U << 20U},  // more a bot cannot fetch
        // Neither typing nor reading is ever told to a bot.
        {"customer_can",
         {"text",
          "photo",
          "video",
          "file",
          "voice",
          "video_note",
          "sticker",
          "location",
          "venue",
          "contact",
          "reply",
          "edit",
          "delete",
          "block"}},
        {"shows", {"typing", "buttons", "albums"}},
        {"stickers",
         {sticker("😂", "laugh"),
          sticker("😍", "love"),
          sticker("👍", "agree"),
          sticker("🥳", "party"),
          sticker("😎", "cool"),
          sticker("😮", "wow"),
          sticker("🤔", "think"),
          sticker("😢", "sad"),
          sticker("😡", "angry"),
          sticker("😴", "sleep")}}};
}

}  // namespace trunkline::telegram::simulator
