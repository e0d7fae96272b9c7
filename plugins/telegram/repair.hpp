#pragma once

#include "errors.hpp"
#include "to_platform.hpp"

namespace trunkline::telegram {

/// Changes a refused call so that it may succeed: without formatting, without the reply, with the
/// bytes instead of an address, as a document, as a caption, or at the group's new id. False when
/// nothing is left to try; each change is made once, so a loop around it ends. What it makes of the
/// call is the same for the same answer. Pure. `[any]`
bool repair(Call& call, const Answer& answer);

}  // namespace trunkline::telegram
