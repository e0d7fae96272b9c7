#pragma once

#include <istream>
#include <optional>
#include <ostream>
#include <string>
#include <vector>

#include <boost/json/object.hpp>

#include "host/trunkctl/api.hpp"

/// Accounts that are connected, changed and taken away on the command line.
namespace trunkline::trunkctl {

/// What `accounts connect` was asked for.
struct ConnectWish {
    std::string account, connector, portal, line;
    boost::json::object settings;  ///< what is set already: --set KEY=VALUE
    bool page_only = false;        ///< print the page's address and leave the rest to a browser
};

/// `words` behind "accounts connect". None when they make no sense.
std::optional<ConnectWish> read_connect_wish(const std::vector<std::string>& words);

/// Goes through the forms on a terminal: asks on `out`, reads a line each from `in`; what is secret
/// is not echoed where `in` is the terminal. 0 when the account is connected, else 1. What was
/// begun and not finished stays, and can be gone on with.
int connect_account(const Api& api, const ConnectWish& wish, std::istream& in, std::ostream& out);

}  // namespace trunkline::trunkctl
