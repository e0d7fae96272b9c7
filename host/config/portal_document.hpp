#pragma once

#include <string_view>

#include <boost/json/object.hpp>

#include "host/base/result.hpp"
#include "host/config/config.hpp"

/// A portal as the admin API speaks of it: its section of the configuration as a JSON object.
namespace trunkline::config {

/// `malformed` when it is no JSON object, or names a member that stands twice in one object, which
/// nobody could tell afterwards.
Result<boost::json::object> read_document(std::string_view text);

/// A JSON merge patch (RFC 7386), two levels of it: a portal has no more.
void merge(boost::json::object& into, const boost::json::object& patch);

/// Checked as in the configuration, but that it holds nothing of this host's environment or files.
/// `malformed` names each member that is wrong, and what was expected.
Result<Portal> portal_of(const boost::json::object& document);

}  // namespace trunkline::config
