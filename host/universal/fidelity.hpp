#pragma once

#include <string>
#include <vector>

#include <boost/json/array.hpp>
#include <boost/json/object.hpp>

#include "host/base/result.hpp"

namespace trunkline::universal {

/// How well one feature gets through a connector.
struct Fidelity {
    std::string direction;  ///< in: from the customer; out: to the customer
    std::string feature;    ///< image, reaction, keyboard.contact...
    std::string kind;       ///< of conversations; "" = all that have no row of their own
    std::string how_well;   ///< full, converted, refused, never
    std::string how;        ///< what it is converted to, why it is refused; "" = nothing to say
    std::string limit;      ///< up to which size; "" = none
};

/// Everything a person can ask about a connector's faithfulness, from its manifest. What goes in is
/// what its `receives` says, `never` where it says nothing; what goes out is found by giving the
/// host's own degradation a sample of each feature, so that the rows cannot say anything else than
/// what happens. `malformed`, naming the member. `[any]`
Result<std::vector<Fidelity>> fidelity_of(const boost::json::object& manifest);

/// As a table of Markdown, one line per row.
std::string fidelity_table(const std::vector<Fidelity>& rows);

boost::json::array fidelity_json(const std::vector<Fidelity>& rows);

}  // namespace trunkline::universal
