#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <boost/json.hpp>

#include "people.hpp"

namespace trunkline::telegram {

/// A file of a call. Bytes are the host's: uploaded by its file id, or fetched by Telegram from
/// an address.
struct OutgoingFile {
    std::string field;          ///< parameter that holds it: photo, document...
    boost::json::object about;  ///< duration, sides, caption: parameters of a call with one file,
                                ///< members of its item in an album
    std::string id;             ///< host file id, "" = there is none
    std::string url;            ///< public address, "" = there is none
    std::string name;
    std::string mime;
    bool by_url = false;
};

/// One Bot API call, not yet addressed to a server.
struct Call {
    std::string method;
    boost::json::object
        params;  ///< nested objects are objects; a multipart form writes them as JSON text
    std::vector<OutgoingFile> files;  ///< more than one is an album
    std::int64_t migrated_from = 0;   ///< the group's former id, once `moved`
    bool moved = false;               ///< went to the new id of a group already
    bool once = false;  ///< Telegram has no idempotency key: a second sendX is a second message
};

/// Why a command cannot be written as calls.
struct Refusal {
    std::string code;  ///< "" = degrade instead
    std::string text;
    std::string degrade;  ///< feature of the manifest to do without
};

struct Plan {
    std::vector<Call> calls;  ///< in order; files that do not go into one album take several
    std::optional<Refusal> refused;
};

/// Writes a command (contract 5, JSON already degraded to the manifest) as Bot API calls. Pure,
/// never throws for bad input. `[any]`
Plan plan_command(const boost::json::object& command, const Place& place);

}  // namespace trunkline::telegram
