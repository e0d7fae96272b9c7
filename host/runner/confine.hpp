#pragma once

namespace trunkline::runner {

/// Takes from this process what a connector under trial has no business with: children, core
/// dumps, more memory than a connector needs, a life longer than its host's.
void confine_trial();

}  // namespace trunkline::runner
