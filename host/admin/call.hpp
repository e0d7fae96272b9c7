#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <boost/json/object.hpp>

#include "host/base/result.hpp"
#include "host/net/server.hpp"

namespace trunkline::admin {

/// One call of the admin API, taken apart: who asks, for what.
struct Call {
    std::string method;
    std::vector<std::string> path;  ///< after /v1, decoded: {"dead-letters", "requeue"}
    std::string query;
    boost::json::object body;  ///< empty when there was none
    std::string text_as_sent;  ///< of the body
    std::string who;           ///< name of the token
    std::string role;

    std::string parameter(std::string_view name) const;  ///< decoded, "" when absent
    std::size_t limit() const;                           ///< 1 to 1,000, default 100
    std::string text(std::string_view member) const;     ///< of the body, "" when absent or no text
    bool at(std::string_view want_method, std::initializer_list<std::string_view> want_path)
        const;  ///< "*" matches any piece
};

net::Response answer(boost::json::value value, int status = 200);

/// `{"items":[...],"next":"..."}`; `next` only when there may be more.
net::Response page(boost::json::array items, std::string next);

/// A fault as an answer of its own status.
net::Response refusal(const Error& error);

}  // namespace trunkline::admin
