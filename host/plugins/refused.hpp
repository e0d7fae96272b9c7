#pragma once

#include <string>
#include <utility>

#include "host/base/result.hpp"

namespace trunkline::plugins {

/// A file that is no connector for this host; `why` is one line for people. `[any]`
inline Error refused(std::string why) {
    return Error{Fault::malformed, std::move(why)};
}

}  // namespace trunkline::plugins
