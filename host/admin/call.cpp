#include "host/admin/call.hpp"

#include <algorithm>
#include <charconv>

#include <boost/json.hpp>

#include "host/net/url.hpp"

namespace trunkline::admin {
namespace {

constexpr std::size_t kRowsMax = 1'000;

int status_of(Fault fault) {
    switch (fault) {
        case Fault::malformed:
            return 400;
        case Fault::forged:
            return 401;
        case Fault::not_found:
            return 404;
        case Fault::conflict:
            return 409;
        case Fault::unsupported:
        case Fault::rejected:
        case Fault::account_broken:
            return 422;
        case Fault::throttled:
            return 429;
        case Fault::unavailable:
        case Fault::unknown:
        case Fault::storage:
        case Fault::cancelled:
            return 503;
    }
    return 500;
}

}  // namespace

std::string Call::parameter(std::string_view name) const {
    return net::query_parameter(query, name).value_or("");
}

std::size_t Call::limit() const {
    const std::string text = parameter("limit");
    std::size_t value = 100;
    std::from_chars(text.data(), text.data() + text.size(), value);
    return std::clamp<std::size_t>(value, 1, kRowsMax);
}

std::string Call::text(std::string_view member) const {
    const auto* value = body.if_contains(member);
    return value != nullptr && value->is_string() ? std::string{value->as_string()} : std::string{};
}

bool Call::at(std::string_view want_method, std::initializer_list<std::string_view> want_path)
    const {
    return method == want_method && path.size() == want_path.size() &&
           std::equal(
               path.begin(),
               path.end(),
               want_path.begin(),
               [](const std::string& have, std::string_view want) {
                   return want == "*" || have == want;
               }
           );
}

net::Response answer(boost::json::value value, int status) {
    net::Response response;
    response.status = status;
    response.headers.push_back({"Content-Type", "application/json"});
    response.headers.push_back({"Cache-Control", "no-store"});
    response.body = boost::json::serialize(value);
    return response;
}

net::Response page(boost::json::array items, std::string next) {
    boost::json::object out{{"items", std::move(items)}};
    if (!next.empty()) out["next"] = next;
    return answer(std::move(out));
}

net::Response refusal(const Error& error) {
    return net::problem(status_of(error.fault), to_string(error.fault), error.context);
}

}  // namespace trunkline::admin
