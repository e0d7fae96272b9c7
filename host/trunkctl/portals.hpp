#pragma once

#include <istream>
#include <optional>
#include <string>
#include <vector>

#include <boost/json/value.hpp>

#include "host/base/result.hpp"
#include "host/trunkctl/api.hpp"

/// Portals that are made, changed and removed while the host runs.
namespace trunkline::trunkctl {

struct PortalWish {
    std::string method;  ///< POST, PUT, PATCH or DELETE
    std::string path;
    std::string file;  ///< with the JSON; "-" = what is typed in; "" = none is needed
};

/// `create FILE`, `put PORTAL FILE`, `change PORTAL FILE` or `remove PORTAL [--discard]`. None: not
/// understood.
std::optional<PortalWish> read_portal_wish(const std::vector<std::string>& words);

/// Asks for it; `in` is read where the file is "-".
Result<boost::json::value> change_portal(const Api& api, const PortalWish& wish, std::istream& in);

}  // namespace trunkline::trunkctl
