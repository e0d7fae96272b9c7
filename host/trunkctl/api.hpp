#pragma once

#include <string>

#include <boost/json/value.hpp>

#include "host/base/result.hpp"

namespace trunkline::trunkctl {

/// The admin API at one address. Blocks; one thread.
class Api {
public:
    Api(std::string base_url, std::string token)
        : base_url_{std::move(base_url)}, token_{std::move(token)} {}

    /// The answer's JSON; on failure what the server said, or why it was not reached.
    Result<boost::json::value> get(const std::string& path) const;
    /// The same, of an answer that is no JSON document: as it came.
    Result<std::string> get_text(const std::string& path) const;
    Result<boost::json::value> post(const std::string& path, const boost::json::object& body) const;
    Result<boost::json::value> remove(const std::string& path) const;  ///< DELETE
    /// A document as it is: the other side says what is wrong with it.
    Result<boost::json::value> send(
        const std::string& method, const std::string& path, const std::string& document
    ) const;

    /// All items of a paged list.
    Result<boost::json::array> list(const std::string& path) const;

private:
    Result<std::string> call(
        const std::string& method, const std::string& path, const std::string& body
    ) const;

    std::string base_url_;
    std::string token_;
};

}  // namespace trunkline::trunkctl
