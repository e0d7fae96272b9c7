#pragma once

#include <functional>
#include <string>

#include "host/async/await.hpp"

namespace trunkline::async {

/// Starts `work` on `loop`. The only way to start a coroutine: it names it, and an exception that
/// escapes is logged as `async.escaped name=...` and counted as a bug instead of being thrown away.
/// `[any]` `work` is kept alive until it ends, so a capturing lambda is allowed here and nowhere
/// else.
void spawn(Executor loop, std::string name, std::function<Awaitable<>()> work);

/// Runs `work` to its end on `loop` and blocks the calling thread meanwhile. For main and tests;
/// never on a loop's thread.
void run_and_wait(Executor loop, std::string name, std::function<Awaitable<>()> work);

}  // namespace trunkline::async
