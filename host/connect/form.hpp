#pragma once

#include <optional>
#include <string>
#include <string_view>

#include <boost/json/object.hpp>

#include "host/base/result.hpp"

namespace trunkline::connect {

/// What is shown of a form: what the connector asked for, with nothing in it that a page could be
/// hurt by (an address that is neither http nor https is left out). None when it is no form.
std::optional<boost::json::object> shown(std::string_view form);

/// Whether `values` are what the form asks for: every required field has a value, each of its type
/// and of a choice that was offered, nothing else is there, a confirmation is given.
/// `malformed`: the field, and what is wrong with it; never its value.
Result<void> judge(const boost::json::object& form, const boost::json::object& values);

}  // namespace trunkline::connect
