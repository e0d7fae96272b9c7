#include "plugins/telegram/simulator/control.hpp"

#include <charconv>

#include "host/async/spawn.hpp"
#include "host/net/url.hpp"
#include "plugins/telegram/simulator/abilities.hpp"

namespace trunkline::telegram::simulator {
namespace {

net::Response answer(const json::value& value, int status = 200) {
    net::Response response;
    response.status = status;
    response.headers.push_back({"Content-Type", "application/json"});
    response.headers.push_back({"Cache-Control", "no-store"});
    response.body = json::serialize(value);
    return response;
}

net::Response wrong(const std::string& why) {
    return answer(json::object{{"error", why}}, 400);
}

net::Response outcome(std::variant<json::object, std::string> result) {
    if (auto* why = std::get_if<std::string>(&result)) return wrong(*why);
    return answer(std::get<json::object>(std::move(result)));
}

std::int64_t integer(const json::object& from, const char* key, std::int64_t fallback) {
    const auto* value = from.if_contains(key);
    return value != nullptr && value->is_int64() ? value->as_int64() : fallback;
}

std::string text(const json::object& from, const char* key, const char* fallback = "") {
    const auto* value = from.if_contains(key);
    return value != nullptr && value->is_string() ? std::string{value->as_string()} : fallback;
}

json::object standing(const Chat& chat, WallMs now) {
    json::object out{
        {"id", chat.id},
        {"user", chat.user},
        {"blocked", chat.blocked},
        {"messages", chat.messages.size()}};
    for (auto at = chat.messages.rbegin(); at != chat.messages.rend() && !out.contains("last");
         ++at)
        if (!chat.deleted.contains(at->first)) out["last"] = at->second;
    if (now < chat.action_until_ms) out["action"] = chat.action;
    if (!chat.notice.empty()) out["notice"] = chat.notice;
    return out;
}

json::array messages(const Chat& chat) {
    json::array out;
    for (const auto& [id, message] : chat.messages) {
        if (!chat.deleted.contains(id)) out.push_back(message);
    }
    return out;
}

std::uint64_t number(std::string_view query, std::string_view name, std::uint64_t fallback) {
    const auto value = net::query_parameter(query, name);
    std::uint64_t out = fallback;
    if (value) std::from_chars(value->data(), value->data() + value->size(), out);
    return out;
}

}  // namespace

async::Awaitable<net::Response> Control::handle(
    std::string method, std::string path, std::string query, std::string body
) {
    if (method == "GET") co_return look(path, query);
    if (method == "DELETE" && path == "/control/state") {
        rooms_.world.clear();
        rooms_.updates.clear();
        rooms_.faults.clear();
        co_return answer(json::object{{"cleared", true}});
    }
    boost::system::error_code bad;
    const json::value parsed = json::parse(body.empty() ? "{}" : body, bad);
    if (method != "POST" || bad || !parsed.is_object())
        co_return wrong("POST with a JSON object is needed");
    try {
        co_return act(path, parsed.as_object());
    } catch (const std::exception& error) {  // a member of another type than meant
        co_return wrong(error.what());
    }
}

net::Response Control::look(const std::string& path, const std::string& query) {
    if (path == "/control/log")
        return answer(rooms_.journal.after(number(query, "after", 0), number(query, "count", 1'000))
        );
    if (path == "/control/abilities") return answer(abilities(rooms_.world));
    if (path == "/control/chats") {
        json::array out;
        for (const auto& [id, chat] : rooms_.world.chats())
            out.push_back(standing(chat, rooms_.world.now_ms()));
        return answer(std::move(out));
    }
    constexpr std::string_view kPrefix = "/control/chats/";
    if (path.starts_with(kPrefix)) {
        std::int64_t id = 0;
        const char* end = path.data() + path.size();
        const auto [rest, error] = std::from_chars(path.data() + kPrefix.size(), end, id);
        const Chat* chat = error == std::errc{} ? rooms_.world.chat(id) : nullptr;
        const std::string_view what{rest, static_cast<std::size_t>(end - rest)};
        if (chat == nullptr) return answer(json::object{{"error", "no such chat"}}, 404);
        if (what.empty()) return answer(standing(*chat, rooms_.world.now_ms()));
        if (what == "/messages") return answer(messages(*chat));
    }
    constexpr std::string_view kFiles = "/control/files/";
    if (path.starts_with(kFiles)) return file(path.substr(kFiles.size()));
    return answer(json::object{{"error", "no such address"}}, 404);
}

net::Response Control::file(const std::string& id) const {
    const File* file = rooms_.world.file(id);
    if (file == nullptr) return answer(json::object{{"error", "no such file"}}, 404);
    // Shown as a picture or not at all: the bytes are a stranger's, and must not become a page.
    const bool shown = file->path.starts_with("photo");
    net::Response response;
    response.headers.push_back({"Content-Type", shown ? "image/png" : "application/octet-stream"});
    response.headers.push_back({"X-Content-Type-Options", "nosniff"});
    response.headers.push_back({"Content-Disposition", shown ? "inline" : "attachment"});
    response.headers.push_back({"Cache-Control", "no-store"});
    response.body = file->bytes;
    return response;
}

net::Response Control::act(const std::string& path, const json::object& body) {
    if (path == "/control/users") {
        const std::int64_t id = integer(
            body, "id", 5'550'000'000 + static_cast<std::int64_t>(rooms_.world.chats().size()) + 1
        );
        const Chat& chat = rooms_.world.add_customer(
            id, text(body, "name", "Customer"), text(body, "username"), text(body, "language")
        );
        return answer(json::object{{"id", chat.id}, {"user", chat.user}});
    }
    if (path == "/control/say") return outcome(rooms_.customer.say(body));
    if (path == "/control/edit") return outcome(rooms_.customer.edit(body));
    if (path == "/control/delete") return outcome(rooms_.customer.remove(body));
    if (path == "/control/press") return outcome(rooms_.customer.press(body));
    if (path == "/control/block") return outcome(rooms_.customer.block(body, true));
    if (path == "/control/unblock") return outcome(rooms_.customer.block(body, false));
    if (path == "/control/update") return outcome(rooms_.customer.update(body));
    if (path == "/control/faults") return add_fault(body);
    if (path == "/control/flood") return flood(body);
    if (path == "/control/rates") {
        rooms_.api.rates = {};
        rooms_.api.rates.on = body.at("on").as_bool();
        return answer(body);
    }
    return answer(json::object{{"error", "no such address"}}, 404);
}

net::Response Control::add_fault(const json::object& body) {
    Fault fault;
    fault.method = text(body, "method", "*");
    for (char& c : fault.method)
        c = c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
    fault.action = text(body, "action");
    for (const char* known : {"error", "drop_after", "drop_before", "delay", "html502"}) {
        if (fault.action != known) continue;
        fault.skip = static_cast<int>(integer(body, "skip", 0));
        fault.count = static_cast<int>(integer(body, "count", 1));
        fault.delay_ms = integer(body, "ms", 1'000);
        fault.refusal.code = static_cast<int>(integer(body, "code", 400));
        fault.refusal.description = text(body, "description", "Bad Request: made up");
        if (const auto* parameters = body.if_contains("parameters"))
            fault.refusal.parameters = parameters->as_object();
        rooms_.faults.add(std::move(fault));
        return answer(json::object{{"added", true}});
    }
    return wrong("action is none of error, drop_after, drop_before, delay, html502");
}

/// Many customers who each say `messages` texts "<prefix> <user>:<n>", at `rate` a second (0 = as
/// fast as they can be queued).
net::Response Control::flood(const json::object& body) {
    const std::int64_t users = std::clamp<std::int64_t>(integer(body, "users", 10), 1, 10'000);
    const std::int64_t messages =
        std::clamp<std::int64_t>(integer(body, "messages", 10), 1, 100'000);
    const std::int64_t rate = integer(body, "rate", 0);
    const std::int64_t first = integer(body, "first_id", 6'000'000'000);
    const std::string prefix = text(body, "prefix", "flood");
    for (std::int64_t i = 0; i < users; ++i) {
        if (rooms_.world.chat(first + i) == nullptr)
            rooms_.world.add_customer(first + i, "Flood " + std::to_string(i), "", "en");
    }
    async::spawn(
        rooms_.loop.get_executor(),
        "flood",
        [this, users, messages, rate, first, prefix]() -> async::Awaitable<> {
            std::int64_t said = 0;
            const std::int64_t piece = rate > 0 ? std::max<std::int64_t>(1, rate / 50) : 200;
            for (std::int64_t n = 1; n <= messages; ++n) {
                for (std::int64_t i = 0; i < users; ++i) {
                    json::object what{
                        {"user", first + i},
                        {"text", prefix + " " + std::to_string(i) + ":" + std::to_string(n)}};
                    (void)rooms_.customer.say(what);
                    if (++said % piece == 0)
                        co_await async::pause(std::chrono::milliseconds{
                            rate > 0 ? 1'000 * piece / rate : 1});
                }
            }
        }
    );
    return answer(
        json::object{{"users", users}, {"messages", users * messages}, {"first_id", first}}, 202
    );
}

}  // namespace trunkline::telegram::simulator
