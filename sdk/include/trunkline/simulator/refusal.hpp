#pragma once

#include <functional>
#include <string>
#include <variant>

#include "trunkline/json.hpp"

namespace trunkline::simulator {

/// Why a call is not done, before the messenger's form is put around it. A value.
struct Refusal {
    int code = 400;           ///< the HTTP status, too
    std::string description;  ///< in the messenger's own words
    json::object parameters;  ///< what else it says, e.g. how long to wait
};

/// What a call ends with.
using Outcome = std::variant<json::value, Refusal>;
using Done = std::function<void(Outcome)>;

}  // namespace trunkline::simulator
