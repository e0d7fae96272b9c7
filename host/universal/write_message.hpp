#pragma once

#include <string>

#include "host/universal/universal.pb.h"

/// The parts events and commands share. Only for the sources of this folder.
namespace trunkline::universal {

/// Who reads it: a portal never sees a connector's references, a connector never sees a portal's
/// media ids.
enum class Audience { portal, connector };

void write_message(const Message& message, Audience audience, std::string& out);
void write_button(const Button& button, std::string& out);

}  // namespace trunkline::universal
