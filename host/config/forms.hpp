#pragma once

#include <string>

/// The forms in which names and addresses are written in a configuration. `[any]`
namespace trunkline::config {

bool is_name(const std::string& text);       ///< of a portal, an account, a lane
bool is_connector(const std::string& text);  ///< of a connector and its file

/// `host` or `host:port`, numeric or "localhost"; a name that merely begins like one is not
/// loopback.
bool is_loopback(const std::string& address);

/// The host part of an http(s) URL, or "" when it is none.
std::string host_of(const std::string& url);

/// What is wrong with an address range, or "".
std::string range_problem(const std::string& text);

/// What is wrong with a public key of plugins.trusted_keys, or "".
std::string trusted_key_problem(const std::string& text);

/// What is wrong with a license key, or ""; never with the key in it.
std::string license_problem(const std::string& text);

}  // namespace trunkline::config
