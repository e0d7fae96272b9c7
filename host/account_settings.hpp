#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include <boost/json/object.hpp>

#include "host/base/result.hpp"
#include "host/config/config.hpp"

namespace trunkline {

/// What a connector's manifest says of one setting.
struct Setting {
    std::string key;
    std::string type = "text";  ///< text, secret, url, number, flag, choice or duration
    bool secret = false;
    bool required = false;
    std::vector<std::string> choices;
    std::string max;  ///< a number or a duration, as the type is; empty = none
};

/// The settings a manifest declares; what is not of that form is left out. `[any]`
std::vector<Setting> settings_of(const boost::json::object& manifest);

/// One thing that is wrong with what an account was given.
struct SettingProblem {
    enum class Kind { unknown, missing, wrong };
    Kind kind;
    std::string key;
    std::string text;
};

/// Whether an account was given what its connector asks for, in the declared form, and nothing it
/// does not know; the nearest known name is told. `[any]`
std::vector<SettingProblem> judge_settings(
    const boost::json::object& given, const std::vector<Setting>& declared
);

/// The first of these as an error, `malformed`. `[any]`
Result<void> check_settings(const boost::json::object& given, const std::vector<Setting>& declared);

/// YAML cannot tell a text of digits from a number, and variables are always text: brings plain
/// values into the form that the connector declared. A secret may be `{file: path}`, whose first
/// line is taken. Blocks.
void take_declared_forms(config::Account& account, const std::vector<Setting>& declared);

}  // namespace trunkline
