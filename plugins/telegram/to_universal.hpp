#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include <boost/json.hpp>

namespace trunkline::telegram {

/// One universal event, ready for the border.
struct Event {
    std::string conversation = {};
    std::string dedup = {};         ///< from update_id; "" never happens for an update that has one
    boost::json::object json = {};  ///< in the memory of the update it comes from
    std::string note = {};          ///< "" = keep what is there
    bool outgoing = false;          ///< written by the business's owner in his own app
    bool keep_raw = false;          ///< unsupported: this update goes to the quarantine
};

struct Alias {
    std::string conversation;
    std::string former;
};

/// A connected business account was switched on or off by its owner.
struct BusinessState {
    bool enabled = true;
    std::string name;
};

/// What one update means. Several parts at once are normal: a deleted list is one event per
/// message.
struct Translated {
    std::vector<Event> items;
    std::vector<Alias> aliases;
    std::vector<std::string>
        callback_queries;  ///< to be answered, else the customer's button keeps spinning
    std::vector<BusinessState> business;
    std::size_t news = 0;  ///< messages that were understood, and yet had members nobody here knows
};

/// Translates one Update. Never fails and never throws for any JSON: what is not understood becomes
/// an `unsupported` item in its place. `bot_id` (0 = unknown) tells our own comings and goings from
/// the customers'. Pure. `[any]` Source: platforms/telegram.md section 3, Bot API 10.0.
Translated to_universal(const boost::json::object& update, std::int64_t bot_id);

/// What stands in the place of a list entry that is no update at all.
Translated unreadable_update();

}  // namespace trunkline::telegram
