#include "portal/desk/api.hpp"

#include <algorithm>

#include "host/net/url.hpp"
#include "portal/desk/live_stream.hpp"
#include "portal/desk/request.hpp"
#include "portal/fields.hpp"
#include "portal/store/batches.hpp"
#include "portal/store/changes.hpp"
#include "portal/store/conversations.hpp"
#include "portal/store/messages.hpp"
#include "portal/store/projection.hpp"
#include "portal/store/views.hpp"

namespace trunkline::portal::desk {

namespace {

constexpr std::size_t kStreamsMax = 200;
constexpr std::int64_t kListed = 100;

net::Response no_such_address() {
    return net::problem(404, "not_found", "no such address");
}

net::Response wrong_method(const char* allowed) {
    auto response =
        net::problem(405, "method_not_allowed", std::string{"this address takes "} + allowed);
    response.headers.push_back({"Allow", allowed});
    return response;
}

std::int64_t number_in(std::string_view query, std::string_view key, std::int64_t otherwise) {
    const auto text = net::query_parameter(query, key);
    return text ? parse_number(*text).value_or(otherwise) : otherwise;
}

}  // namespace

Api::Answer Api::handle(net::Request& request, std::vector<std::string> path) {
    const bool get = request.head.method == "GET";
    const bool post = request.head.method == "POST";
    const auto first = path.empty() ? std::string{} : path[0];
    net::Response response = no_such_address();
    if (first == "conversations" && path.size() > 1) {
        response = co_await of_conversation(request, std::move(path));
    } else if (first == "conversations") {
        if (!get) co_return wrong_method("GET");
        response = co_await conversations(request);
    } else if (first == "events" && path.size() == 1) {
        if (!get) co_return wrong_method("GET");
        response = co_await events(request);
    } else if (first == "stream" && path.size() == 1) {
        if (!get) co_return wrong_method("GET");
        response = co_await stream(request);
    } else if (first == "files" && path.size() == 1) {
        if (!post) co_return wrong_method("POST");
        response = co_await take_file(request);
    } else if (first == "files" && path.size() == 2) {
        if (!get) co_return wrong_method("GET");
        response = co_await give_file(request, path[1]);
    } else if (first == "media" && path.size() == 3) {
        const auto message = parse_number(path[1]);
        if (!get || !message) co_return wrong_method("GET");
        std::string range{request.head.header("range")};
        response = co_await parts_.media.of_message(*message, path[2], std::move(range));
    }
    co_return response;
}

Api::Answer Api::of_conversation(net::Request& request, std::vector<std::string> path) {
    const auto method = std::string{request.head.method};
    const auto conversation = parse_number(path[1]);
    net::Response response = no_such_address();
    if (!conversation || path.size() < 3) co_return response;
    const auto& what = path[2];
    if (what == "messages" && path.size() == 3 && method == "GET") {
        response = co_await messages(request, *conversation);
    } else if (what == "messages" && path.size() == 3 && method == "POST") {
        response = co_await send(request, *conversation);
    } else if (what == "messages" && path.size() == 3) {
        response = wrong_method("GET, POST");
    } else if (what == "messages" && path.size() == 4) {
        const auto message = parse_number(path[3]);
        if (!message) co_return response;
        if (method != "PUT" && method != "DELETE") co_return wrong_method("PUT, DELETE");
        response = co_await alter_message(request, *conversation, *message);
    } else if (what == "messages" && path.size() == 5 && path[4] == "edits" && method == "GET") {
        const auto message = parse_number(path[3]);
        if (!message) co_return response;
        response = co_await edits(*conversation, *message);
    } else if (what == "typing" && method == "POST") {
        response = co_await typing(request, *conversation);
    } else if (what == "read" && method == "POST") {
        response = co_await seen(*conversation);
    } else if (what == "avatar" && method == "GET") {
        response = co_await parts_.media.avatar_of_conversation(*conversation);
    }
    co_return response;
}

Api::Answer Api::events(net::Request& request) {
    const auto lane = net::query_parameter(request.head.query, "lane").value_or(std::string{});
    const auto after = number_in(request.head.query, "after", 0);
    const auto limit =
        std::clamp<std::int64_t>(number_in(request.head.query, "limit", 500), 1, 1'000);
    auto query = [lane, after, limit](store::Database& database) -> Result<json::array> {
        return store::events_after(database, lane, after, limit);
    };
    auto events = co_await parts_.store.read(std::move(query));
    if (!events) co_return answer(events.error());
    json::object body;
    body["events"] = *std::move(events);
    co_return answer(200, body);
}

Api::Answer Api::stream(net::Request& request) {
    if (parts_.hub->listeners() >= kStreamsMax) {
        co_return net::problem(503, "too_many_streams", "too many pages are open");
    }
    auto after = parse_number(request.head.header("last-event-id"));
    if (!after) after = number_in(request.head.query, "after", 0);
    net::Response response;
    response.headers.push_back({"Content-Type", "text/event-stream"});
    response.headers.push_back({"Cache-Control", "no-store"});
    response.headers.push_back({"X-Accel-Buffering", "no"});
    response.stream = std::make_unique<LiveStream>(parts_.loop, parts_.hub, parts_.store, *after);
    co_return response;
}

Api::Answer Api::conversations(net::Request& request) {
    const auto before = number_in(request.head.query, "before", 0);
    const auto limit =
        std::clamp<std::int64_t>(number_in(request.head.query, "limit", 200), 1, 500);
    auto query = [before, limit](store::Database& database) -> Result<json::object> {
        return json::object{
            {"rev", store::latest_revision(database)},
            {"conversations", store::list_conversations(database, before, limit)},
            {"gaps", store::list_gaps(database, kListed)},
            {"notices", store::list_notices(database, kListed)},
        };
    };
    auto body = co_await parts_.store.read(std::move(query));
    if (!body) co_return answer(body.error());
    (*body)["portal"] = parts_.portal;
    (*body)["backlog"] = parts_.hub->backlogs();
    co_return answer(200, *body);
}

Api::Answer Api::messages(net::Request& request, std::int64_t conversation) {
    const auto before = number_in(request.head.query, "before", 0);
    const auto limit =
        std::clamp<std::int64_t>(number_in(request.head.query, "limit", 100), 1, 200);
    auto query = [conversation, before, limit](store::Database& database) -> Result<json::object> {
        auto view = store::conversation_view(database, conversation);
        if (!view) return Error{Fault::not_found, "conversation"};
        auto list = store::list_messages(database, conversation, before, limit);
        const bool more = static_cast<std::int64_t>(list.size()) == limit;
        json::object body;
        body["rev"] = store::latest_revision(database);
        body["conversation"] = *std::move(view);
        body["messages"] = std::move(list);
        body["more"] = more;
        return body;
    };
    auto body = co_await parts_.store.read(std::move(query));
    if (!body) co_return answer(body.error());
    co_return answer(200, *body);
}

Api::Answer Api::edits(std::int64_t conversation, std::int64_t message) {
    auto query = [conversation, message](store::Database& database) -> Result<json::object> {
        const auto facts = store::message_facts(database, message);
        if (!facts || facts->conversation != conversation || facts->deleted)
            return Error{Fault::not_found, "message"};
        return json::object{{"edits", store::list_edits(database, message)}};
    };
    auto body = co_await parts_.store.read(std::move(query));
    if (!body) co_return answer(body.error());
    co_return answer(200, *body);
}

}  // namespace trunkline::portal::desk
