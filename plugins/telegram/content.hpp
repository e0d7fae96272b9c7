#pragma once

#include <string>

#include <boost/json.hpp>

namespace trunkline::telegram {

/// What a message says, or why it could not be said.
struct Content {
    boost::json::object message;   ///< the universal `message`, always with its id
    std::string unsupported = {};  ///< name of the content kind this connector has no form for; ""
                                   ///< = all understood
    std::string text = {};         ///< what a person can still read of an unsupported one
    bool news = false;             ///< understood, and yet has a member nobody here knows
};

/// The content of a Telegram Message: text or caption with formatting, files, place, contact, what
/// it answers or forwards. Never fails: a kind nobody has seen before is `unsupported` under its
/// own name. Pure. `[any]`
Content content_of(const boost::json::object& message);

}  // namespace trunkline::telegram
