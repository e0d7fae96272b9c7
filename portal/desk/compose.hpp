#pragma once

#include <string>
#include <vector>

#include <boost/json/object.hpp>

#include "host/base/clock.hpp"
#include "host/base/result.hpp"
#include "portal/store/database.hpp"

/// What an operator asks for becomes an entry on the page and a command in the outbox, in one
/// transaction.
namespace trunkline::portal::desk {

struct Draft {
    std::string client;  ///< the browser's id of this attempt: the same one again makes nothing new
    std::string text;
    boost::json::array spans;
    boost::json::array buttons;      ///< rows of {id, text, url, payload}
    std::vector<std::string> files;  ///< ids of uploads
    std::int64_t reply_to = 0;       ///< an entry of the same conversation; 0 = none
};

/// Reads `{client_id?, text?, spans?, buttons?, files?, reply_to?}`. `malformed` names what is
/// wrong.
Result<Draft> parse_draft(const boost::json::object& body);

struct Composed {
    std::int64_t message = 0;
    bool repeated = false;  ///< the same attempt was there already
};

/// `not_found`, `conflict` (a file already sent).
Result<Composed> compose(
    store::Database& database, std::int64_t conversation, const Draft& draft, WallMs now
);

enum class Alteration { edit, remove };

/// Changes what was sent from here. `conflict` while it is not at the messenger yet, or is gone.
/// `text` is the new form; not used when removing.
Result<Composed> alter(
    store::Database& database,
    std::int64_t message,
    Alteration alteration,
    const std::string& text,
    WallMs now
);

/// What the wire takes in one text (docs/portals/commands.md), in code points.
constexpr std::size_t kTextPointsMax = 64 * 1024;

}  // namespace trunkline::portal::desk
