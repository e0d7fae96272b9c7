#pragma once

#include <variant>

#include <trunkline/simulator/rates.hpp>

#include "plugins/telegram/simulator/checks.hpp"
#include "plugins/telegram/simulator/updates.hpp"

namespace trunkline::telegram::simulator {

/// What the bot's methods work on.
struct Bot {
    World& world;
    Updates& updates;
    kit::Rates& rates;
};

enum class Need { look, write };

/// The chat that a call names, or why the bot may not do there what it wants to.
std::variant<Chat*, Refusal> find_chat(
    Bot& bot, const Parameters& p, Need need, std::string_view name = "chat_id"
);

/// A topic of a forum, when the call names one; sets it in `message`.
std::optional<Refusal> fill_topic(const Parameters& p, const Chat& chat, json::object& message);

/// "chat 5" and the like, so that one chat has one rate.
std::optional<Refusal> check_rate(Bot& bot, const Chat& chat);

/// True for what a customer wrote, or the bot: an own message is one that it may edit.
bool is_own(const json::object& message, const Chat& chat);

}  // namespace trunkline::telegram::simulator
