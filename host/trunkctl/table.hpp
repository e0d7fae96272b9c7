#pragma once

#include <string>
#include <vector>

#include <boost/json/array.hpp>

namespace trunkline::trunkctl {

/// Items as aligned columns under a head line; a text that is empty or null shows as "-".
std::string to_table(const boost::json::array& items, const std::vector<std::string>& columns);

/// One value as people read it.
std::string to_text(const boost::json::value& value);

}  // namespace trunkline::trunkctl
