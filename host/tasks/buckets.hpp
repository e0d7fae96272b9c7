#pragma once

#include <map>
#include <string>
#include <string_view>

#include <boost/json/object.hpp>

namespace trunkline::tasks {

/// The quotas that a connector may name, by their buckets: true when one of them is of a
/// conversation, which not every task has.
using Buckets = std::map<std::string, bool, std::less<>>;

Buckets buckets_of(const boost::json::object& manifest);
/// The same of a manifest as written; none when that cannot be read.
Buckets buckets_of(std::string_view manifest);

}  // namespace trunkline::tasks
