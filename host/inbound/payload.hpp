#pragma once

#include <string>
#include <string_view>

#include <boost/json/object.hpp>

#include "host/accounts/account.hpp"
#include "host/net/http.hpp"
#include "host/tasks/strand.hpp"

namespace trunkline::inbound {

/// What came from a messenger, as it came. A value.
struct Payload {
    std::string method;  ///< "" for what was no request: a replayed part, a poll
    std::string target;
    net::Headers headers;
    std::string body;
};

/// Of a task that starts with a request.
Payload payload_of(const tasks::Start& start);

/// The request around the body, to be kept in a quarantine row; without what could open a door
/// again: cookies, credentials, and every header in which a value of the account's settings stands.
boost::json::object request_of(const accounts::Account& account, const Payload& payload);

/// Fills method, target and headers from a quarantine row that has what `request_of` made as its
/// `request`. Whatever is not there stays empty.
void read_request(std::string_view row, Payload& payload);

/// The text that `from` has as `key`; "" when it has none.
std::string text_at(const boost::json::object& from, std::string_view key);

/// What stands below the address of the hook: "/hooks/acme/a?b=c" is "/a?b=c" to the connector,
/// "/hooks/acme" is "/".
std::string below_hook(std::string_view target);

}  // namespace trunkline::inbound
