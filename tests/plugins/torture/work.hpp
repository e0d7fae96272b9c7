#pragma once

#include <trunkline/connector.hpp>

#include "settings.hpp"

namespace trunkline::torture {

/// Reports every entry of `messages`; what cannot be understood keeps its place as `unsupported`.
void report(Context& context, const json::value& body);

/// Sends, with a three-step upload when there is an attachment.
Task deliver(Context& context, const Settings& settings, const Command& command);

/// Asks for a sign-in, lets the person pick a page, subscribes it.
Task connect_account(Context& context, const Settings& settings, const Connect& connect);

}  // namespace trunkline::torture
