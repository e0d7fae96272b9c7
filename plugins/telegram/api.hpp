#pragma once

#include <string_view>

#include <trunkline/connector.hpp>

#include "config.hpp"
#include "errors.hpp"
#include "to_platform.hpp"

namespace trunkline::telegram {

/// What every subscription asks for. Always given: when it is left out, Telegram keeps the list
/// somebody set years ago.
boost::json::array allowed_updates();

/// The HTTP request of a call: a JSON body, or a multipart form when the host has to stream files.
Request request_of(const Call& call, const Settings& settings);

/// A call that may be repeated and takes no file.
Request request_of(
    std::string_view method, const boost::json::object& params, const Settings& settings
);

/// The address of a file's bytes. It holds the token: only for the host, never for a person. "" for
/// a path that is none.
std::string file_url(std::string_view file_path, const Settings& settings);

Answer answer_of(const HttpReply& reply);

}  // namespace trunkline::telegram
