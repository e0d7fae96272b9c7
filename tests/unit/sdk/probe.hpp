#pragma once

#include <trunkline/abi.h>

namespace trunkline::tests {

/// A connector whose tasks do what their input names; see probe in plugin_test.cpp.
const tl_plugin& probe();

}  // namespace trunkline::tests
