#include "host/admin/admin_side.hpp"

#include <boost/json.hpp>

#include "host/admin/access.hpp"
#include "host/admin/account_actions.hpp"
#include "host/admin/actions.hpp"
#include "host/admin/lists.hpp"
#include "host/admin/metrics.hpp"
#include "host/admin/quota.hpp"
#include "host/admin/replacing.hpp"
#include "host/admin/unserved.hpp"
#include "host/net/url.hpp"

namespace trunkline::admin {
namespace {

constexpr std::uint64_t kBodyMax = 256 * 1024;

class AdminSide final : public net::Handler {
public:
    explicit AdminSide(Rooms rooms)
        : rooms_{std::move(rooms)},
          access_{rooms_.config.admin_tokens},
          started_ms_{rooms_.clock.wall_ms()} {}

    net::BodyPlan plan(const net::RequestHead& head) override {
        net::BodyPlan plan;
        plan.bytes_max = kBodyMax;
        if (is_open(head.path)) return plan;
        if (!access_.find(head.header("Authorization"))) {
            plan.refuse = net::problem(401, "unauthorized", "a bearer token is needed");
            plan.refuse->headers.push_back({"WWW-Authenticate", "Bearer"});
        }
        return plan;
    }

    async::Awaitable<net::Response> handle(net::Request request) override {
        const std::string_view path = request.head.path;
        if (path == "/healthz") co_return answer(boost::json::object{{"status", "ok"}});
        if (path == "/readyz") co_return rooms_.readiness();
        const auto who = access_.find(request.head.header("Authorization"));
        if (!who) co_return net::problem(401, "unauthorized", "a bearer token is needed");
        if (path == "/metrics") {
            net::Response response;
            response.headers.push_back({"Content-Type", "text/plain; version=0.0.4"});
            response.body = co_await write_metrics(rooms_);
            co_return response;
        }
        auto call = take_apart(request, *who);
        if (!call) co_return refusal(call.error());
        // Whoever may say where a portal is and by which keys it is known may have all it gets.
        const bool keys = call->path.front() == "portals" &&
                          (call->path.size() < 3 || call->path[2] == "license");
        const char* needed = call->method == "GET" ? "read" : keys ? "admin" : "operate";
        if (!Access::may(who->role, needed))
            co_return net::problem(
                403, "forbidden", std::string{"the role "} + needed + " is needed"
            );
        if (call->method == "GET") {
            auto response = co_await look(*call);
            co_return response;
        }
        const Call unanswered = *call;
        auto response = co_await act(rooms_, *std::move(call));
        if (response) co_return *std::move(response);
        co_return unserved(rooms_, unanswered);
    }

private:
    static bool is_open(std::string_view path) { return path == "/healthz" || path == "/readyz"; }

    static Result<Call> take_apart(net::Request& request, const Access::Who& who) {
        Call call;
        call.method = request.head.method;
        call.query = request.head.query;
        call.who = who.name;
        call.role = who.role;
        std::string_view path = request.head.path;
        if (!path.starts_with("/v1/")) return Error{Fault::not_found, "no such address"};
        path.remove_prefix(4);
        while (!path.empty()) {
            const std::size_t slash = path.find('/');
            const auto piece = net::percent_decode(path.substr(0, slash));
            if (!piece) return Error{Fault::malformed, "the path is not percent-encoded rightly"};
            if (!piece->empty()) call.path.push_back(*piece);
            path = slash == std::string_view::npos ? std::string_view{} : path.substr(slash + 1);
        }
        if (call.path.empty()) return Error{Fault::not_found, "no such address"};
        if (request.body.empty()) return call;
        boost::system::error_code bad;
        boost::json::value body = boost::json::parse(request.body, bad);
        if (bad || !body.is_object())
            return Error{Fault::malformed, "the body is not a JSON object"};
        call.body = std::move(body.as_object());
        call.text_as_sent = std::move(request.body);
        return call;
    }

    async::Awaitable<net::Response> look(Call call) {
        if (call.at("GET", {"status"})) {
            auto response = co_await show_status(rooms_, started_ms_);
            co_return response;
        }
        if (call.at("GET", {"plugins"})) co_return list_plugins(rooms_, call);
        if (call.at("GET", {"accounts"})) co_return list_accounts(rooms_, call);
        if (call.at("GET", {"accounts", "*", "connect"})) co_return show_flow(rooms_, call);
        if (call.at("GET", {"accounts", "*", "quota"})) {
            auto response = co_await show_quota(rooms_, std::move(call));
            co_return response;
        }
        if (call.at("GET", {"portals"})) {
            auto response = co_await list_portals(rooms_, std::move(call));
            co_return response;
        }
        if (call.at("GET", {"lanes"})) {
            auto response = co_await list_lanes(rooms_, std::move(call));
            co_return response;
        }
        auto response = co_await look_at_kept(std::move(call));
        co_return response;
    }

    async::Awaitable<net::Response> look_at_kept(Call call) {
        if (call.at("GET", {"dead-letters"})) {
            auto response = co_await list_dead_letters(rooms_, std::move(call));
            co_return response;
        }
        if (call.at("GET", {"quarantine"})) {
            auto response = co_await list_quarantine(rooms_, std::move(call));
            co_return response;
        }
        // Content is shown one piece at a time, and only to those who may also act on it.
        const bool content =
            call.at("GET", {"dead-letters", "show"}) || call.at("GET", {"quarantine", "*"}) ||
            call.at("GET", {"plugins", "*", "diff"}) || call.at("GET", {"plugins", "*", "recent"});
        if (content && !Access::may(call.role, "operate"))
            co_return net::problem(403, "forbidden", "the role operate is needed");
        if (call.at("GET", {"plugins", "*", "diff"})) co_return show_diff(rooms_, call);
        if (call.at("GET", {"plugins", "*", "recent"})) {
            auto response = co_await show_recent(rooms_, std::move(call));
            co_return response;
        }
        if (call.at("GET", {"dead-letters", "show"})) {
            auto response = co_await show_dead_letter(rooms_, std::move(call));
            co_return response;
        }
        if (call.at("GET", {"quarantine", "*"})) {
            auto response = co_await show_quarantine(rooms_, std::move(call));
            co_return response;
        }
        if (call.at("GET", {"audit"})) {
            auto response = co_await list_audit(rooms_, std::move(call));
            co_return response;
        }
        co_return unserved(rooms_, call);
    }

    Rooms rooms_;
    Access access_;
    WallMs started_ms_;
};

}  // namespace

std::unique_ptr<net::Handler> make_admin_side(Rooms rooms) {
    return std::make_unique<AdminSide>(std::move(rooms));
}

}  // namespace trunkline::admin
