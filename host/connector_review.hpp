#pragma once

#include "host/config/config.hpp"

namespace trunkline {

enum class Occasion { check, start };

/// Judges a configuration by the connectors that lie in `plugins.directory`, without running any of
/// them: settings that a connector does not know, misses or wants in another form are problems, as
/// are connectors that are not there. A library can be put there later, so at a start its absence
/// is a warning. Blocks.
config::Review connector_review(Occasion occasion);

}  // namespace trunkline
