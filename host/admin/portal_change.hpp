#pragma once

#include <functional>
#include <string>

#include <boost/json/object.hpp>

#include "host/async/await.hpp"
#include "host/base/result.hpp"
#include "host/base/secret.hpp"

namespace trunkline::admin {

/// A portal that is to be there, or to be otherwise.
struct PortalChange {
    enum class How {
        create,  ///< `conflict` when it is there already
        put,     ///< all of it is what `document` says, but that a key that is left out stays
        patch    ///< what `document` has, as a JSON merge patch; `not_found` when it is not there
    };
    std::string id;
    How how = How::create;
    boost::json::object document;  ///< as its section of the configuration
};

struct PortalChanged {
    bool created = false;
    Secret license_key;  ///< that was made for it, to be shown this once; "" = it was given one
};

/// What came of a wish to remove a portal.
enum class PortalRemoval {
    done,
    has_accounts,   ///< and could serve them no more
    events_waiting  ///< which nobody has given up
};

/// How portals are changed while the host runs: written as a whole before anything of it holds.
struct PortalChanges {
    std::function<async::Awaitable<Result<PortalChanged>>(PortalChange)> put;
    /// `discard` gives up what waits in its lanes.
    std::function<async::Awaitable<Result<PortalRemoval>>(std::string id, bool discard)> remove;
};

}  // namespace trunkline::admin
