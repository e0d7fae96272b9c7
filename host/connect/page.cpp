#include "host/connect/page.hpp"

#include <boost/json.hpp>

#include "generated/host/connect/page_files.hpp"
#include "host/connect/stage.hpp"
#include "host/net/url.hpp"
#include "host/seal/crypto.hpp"

// GCC 12 inlines only the first half of the pair of functions that a coroutine frame is allocated
// by, and takes the other for a stranger.
#pragma GCC diagnostic ignored "-Wmismatched-new-delete"

namespace trunkline::connect {
namespace {

namespace json = boost::json;

constexpr std::uint64_t kBodyMax = 256ULL << 10U;
constexpr std::size_t kParametersMax = 64;
constexpr std::string_view kPrefix = "/connect/";

net::Response file(std::string_view content, const char* type) {
    net::Response response;
    response.headers = {
        {"Content-Type", type},
        {"Content-Security-Policy",
         "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; "
         "img-src 'self' data:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"},
        {"Referrer-Policy", "no-referrer"},
        {"X-Content-Type-Options", "nosniff"},
        {"Cache-Control", "no-store"}};
    response.body = content;
    return response;
}

net::Response as_json(const json::object& body, int status = 200) {
    net::Response response = file(json::serialize(body), "application/json");
    response.status = status;
    return response;
}

net::Response refusal(const Error& error) {
    const bool malformed = error.fault == Fault::malformed;
    return net::problem(malformed ? 422 : 409, to_string(error.fault), error.context);
}

net::Response gone() {
    return net::problem(404, "not_found", "this address is not, or no longer, one to connect at");
}

/// `a=1&b=2`, decoded; what is not encoded rightly is left out.
json::object parameters_of(std::string_view query) {
    json::object out;
    while (!query.empty() && out.size() < kParametersMax) {
        const std::size_t end = query.find('&');
        const std::string_view pair = query.substr(0, end);
        query = end == std::string_view::npos ? std::string_view{} : query.substr(end + 1);
        const std::size_t equals = pair.find('=');
        const auto name = net::percent_decode(pair.substr(0, equals), true);
        const auto value = net::percent_decode(
            equals == std::string_view::npos ? std::string_view{} : pair.substr(equals + 1), true
        );
        if (name && value && !name->empty()) out[*name] = *value;
    }
    return out;
}

/// Another one for each flow, so that several can be gone through in one browser.
std::string cookie_name(const Flow& flow) {
    return "trunkline_" + flow.state_value().substr(0, 8);
}

std::string cookie_of(const Flow& flow, bool secure) {
    return cookie_name(flow) + '=' + flow.browser_value() +
           "; Path=/connect/return; Max-Age=86400; HttpOnly; SameSite=Lax" +
           (secure ? "; Secure" : "");
}

bool has_cookie(std::string_view cookies, const Flow& flow) {
    const std::string name = cookie_name(flow) + '=';
    const std::string wanted = flow.browser_value();
    while (!cookies.empty()) {
        const std::size_t end = cookies.find(';');
        std::string_view one = cookies.substr(0, end);
        cookies = end == std::string_view::npos ? std::string_view{} : cookies.substr(end + 1);
        while (one.starts_with(' '))
            one.remove_prefix(1);
        if (!one.starts_with(name)) continue;
        one.remove_prefix(name.size());
        return one.size() == wanted.size() && seal::equal_in_constant_time(one, wanted);
    }
    return false;
}

net::BodyPlan take(std::uint64_t bytes) {
    net::BodyPlan plan;
    plan.bytes_max = bytes;
    return plan;
}

}  // namespace

net::BodyPlan Page::plan(const net::RequestHead& head) const {
    if (head.method == "GET") return take(0);
    if (head.method == "POST") return take(kBodyMax);
    net::BodyPlan plan;
    plan.refuse = net::problem(405, "method_not_allowed", "this address is there for GET and POST");
    plan.refuse->headers.push_back({"Allow", "GET, POST"});
    return plan;
}

async::Awaitable<net::Response> Page::handle(net::Request request) {
    std::string_view path = request.head.path;
    path.remove_prefix(kPrefix.size());
    const bool reads = request.head.method == "GET";
    if (reads && path == "page.js") co_return file(kPageScript, "text/javascript; charset=utf-8");
    if (reads && path == "page.css") co_return file(kPageStyle, "text/css; charset=utf-8");
    if (reads && path == "return") {
        std::string query{request.head.query};
        std::string cookies{request.head.header("Cookie")};
        auto response = co_await sign_in_returned(std::move(query), std::move(cookies));
        co_return response;
    }
    const std::size_t slash = path.find('/');
    auto flow = flows_.by_page(std::string{path.substr(0, slash)});
    if (!flow) co_return gone();
    const std::string verb{
        slash == std::string_view::npos ? std::string_view{} : path.substr(slash + 1)};
    if (reads && verb.empty()) {
        auto page = file(kPage, "text/html; charset=utf-8");
        page.headers.push_back({"Set-Cookie", cookie_of(*flow, request.head.secure)});
        co_return page;
    }
    if (reads && verb == "stage") {
        const auto stage = co_await flows_.settled(flow);
        co_return as_json(to_json(stage));
    }
    if (!reads && (verb == "answer" || verb == "cancel")) {
        auto response = co_await go_on(std::move(flow), verb, std::move(request.body));
        co_return response;
    }
    co_return gone();
}

async::Awaitable<net::Response> Page::go_on(
    std::shared_ptr<Flow> flow, std::string verb, std::string body
) {
    if (verb == "cancel") {
        const auto stage = co_await flows_.cancel(std::move(flow));
        co_return as_json(to_json(stage));
    }
    boost::system::error_code bad;
    const json::value parsed = json::parse(body, bad);
    const auto* object = bad ? nullptr : parsed.if_object();
    const auto* values = object == nullptr ? nullptr : object->if_contains("values");
    if (values == nullptr || !values->is_object())
        co_return net::problem(400, "malformed", "the body is no JSON object with values");
    const auto text = [object](const char* member) {
        const auto* value = object->if_contains(member);
        return value != nullptr && value->is_string() ? std::string{value->get_string()}
                                                      : std::string{};
    };
    json::object entered = values->get_object();
    std::string step = text("step");
    std::string transaction = text("transaction");
    auto stage = co_await flows_.answer(
        std::move(flow), std::move(step), std::move(transaction), std::move(entered)
    );
    if (!stage) co_return refusal(stage.error());
    co_return as_json(to_json(*stage));
}

/// A browser comes back from a messenger's sign-in page: on to the flow's own page.
async::Awaitable<net::Response> Page::sign_in_returned(std::string query, std::string cookies) {
    json::object parameters = parameters_of(query);
    const auto* state = parameters.if_contains("state");
    auto flow = state == nullptr || !state->is_string()
                    ? nullptr
                    : flows_.by_sign_in(std::string{state->get_string()});
    if (!flow) co_return gone();
    // What a sign-in carries through is seen by the messenger and stands in histories: only the
    // browser that opened the page may come back with it, and only it is led to the page.
    if (!has_cookie(cookies, *flow)) {
        auto stranger = file(
            "Open the page on which you began in this browser, and sign in from there.",
            "text/plain; charset=utf-8"
        );
        stranger.status = 403;
        co_return stranger;
    }
    const std::string page = flows_.page_of(*flow);
    // Coming back twice (a reload) is no mistake: the page shows where it stands.
    (void)co_await flows_.returned(std::move(flow), std::move(parameters));
    net::Response response = file({}, "text/plain; charset=utf-8");
    response.status = 303;
    response.headers.push_back({"Location", page});
    co_return response;
}

}  // namespace trunkline::connect
