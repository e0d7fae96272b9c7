#pragma once

#include <string>
#include <vector>

#include <boost/json/object.hpp>

#include "host/base/result.hpp"

namespace trunkline {

/// What a connector's manifest says of one setting.
struct Setting {
    std::string key;
    bool secret = false;
    bool required = false;
};

/// The settings a manifest declares; what is not of that form is left out. `[any]`
std::vector<Setting> settings_of(const boost::json::object& manifest);

/// Whether an account was given what its connector asks for, and nothing it does not know; the
/// nearest known name is told. `malformed` otherwise. `[any]`
Result<void> check_settings(const boost::json::object& given, const std::vector<Setting>& declared);

}  // namespace trunkline
