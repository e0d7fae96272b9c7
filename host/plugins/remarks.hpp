#pragma once

#include <string>
#include <vector>

#include <boost/json/object.hpp>

namespace trunkline::plugins {

/// Something in a manifest that this host reads and does not act on.
struct Remark {
    std::string member;  ///< dotted path, e.g. "media.copy_before"
    std::string text;    ///< "not served in this version", or "unknown" with the nearest known name
};

/// Everything of that kind; empty for a manifest that is served as it stands. `[any]`
std::vector<Remark> remarks_on(const boost::json::object& manifest);

}  // namespace trunkline::plugins
