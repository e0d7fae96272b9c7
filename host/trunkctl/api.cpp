#include "host/trunkctl/api.hpp"

#include <boost/json.hpp>

#include "host/async/loops.hpp"
#include "host/async/spawn.hpp"
#include "host/net/client.hpp"
#include "host/net/url.hpp"

namespace trunkline::trunkctl {
namespace {

Error no_list(const std::string& url) {
    return Error{Fault::malformed, url + " did not answer with a list"};
}

Result<boost::json::value> document(const Result<std::string>& text) {
    if (!text) return text.error();
    boost::system::error_code bad;
    boost::json::value value = boost::json::parse(*text, bad);
    if (bad) return Error{Fault::malformed, "the answer is no JSON document"};
    return value;
}

}  // namespace

Result<boost::json::value> Api::get(const std::string& path) const {
    return document(call("GET", path, ""));
}

Result<std::string> Api::get_text(const std::string& path) const {
    return call("GET", path, "");
}

Result<boost::json::value> Api::post(const std::string& path, const boost::json::object& body)
    const {
    return document(call("POST", path, boost::json::serialize(body)));
}

Result<boost::json::value> Api::remove(const std::string& path) const {
    return document(call("DELETE", path, ""));
}

Result<boost::json::value> Api::send(
    const std::string& method, const std::string& path, const std::string& document_text
) const {
    return document(call(method, path, document_text));
}

Result<boost::json::array> Api::list(const std::string& path) const {
    boost::json::array items;
    std::string after;
    for (;;) {
        const std::string mark = path.find('?') == std::string::npos ? "?" : "&";
        auto page =
            get(path + mark + "limit=1000" +
                (after.empty() ? "" : "&after=" + net::percent_encode(after)));
        if (!page) return page.error();
        // What answers there may be something else than a host.
        auto* object = page->if_object();
        auto* found = object == nullptr ? nullptr : object->if_contains("items");
        if (found == nullptr || !found->is_array()) return no_list(base_url_ + path);
        for (auto& item : found->as_array()) {
            if (!item.is_object()) return no_list(base_url_ + path);
            items.push_back(std::move(item));
        }
        const auto* next = object->if_contains("next");
        if (next == nullptr) return items;
        if (!next->is_string() || next->as_string() == after) return no_list(base_url_ + path);
        after = next->as_string();
    }
}

Result<std::string> Api::call(
    const std::string& method, const std::string& path, const std::string& body
) const {
    async::Loops loops{1};
    auto guard = net::AddressGuard::make(true, {});
    if (!guard) return guard.error();
    auto client = net::make_client(loops.at(0), *guard);
    net::ClientRequest request;
    request.method = method;
    request.url = base_url_ + path;
    request.headers = {{"Authorization", "Bearer " + token_}, {"Content-Type", "application/json"}};
    request.body = body;
    request.allow_private = true;
    request.reply_bytes_max = 64ULL << 20U;
    net::ClientReply reply;
    loops.start();
    async::run_and_wait(loops.at(0).get_executor(), "admin call", [&]() -> async::Awaitable<> {
        reply = co_await client->fetch(std::move(request));
    });
    loops.stop();
    if (reply.status == 0) return Error{Fault::unavailable, base_url_ + ": " + reply.reason};
    if (reply.status / 100 == 2) return std::move(reply.body);
    boost::system::error_code bad;
    const boost::json::value value = boost::json::parse(reply.body, bad);
    std::string said = "status " + std::to_string(reply.status);
    if (!bad && value.is_object()) {
        if (const auto* detail = value.as_object().if_contains("detail");
            detail != nullptr && detail->is_string())
            said += ": " + std::string{detail->as_string()};
    }
    return Error{reply.status == 404 ? Fault::not_found : Fault::rejected, said};
}

}  // namespace trunkline::trunkctl
