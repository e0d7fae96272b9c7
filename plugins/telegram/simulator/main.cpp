// A simulated Telegram: the Bot API, the webhook sender and the customer's page in one program on
// one loop.
#include <charconv>
#include <iostream>
#include <map>
#include <string>
#include <vector>

#include "plugins/telegram/simulator/bot_api.hpp"
#include "plugins/telegram/simulator/routes.hpp"

namespace trunkline::telegram::simulator {
namespace {

struct Arguments {
    std::string listen = "127.0.0.1:8443";
    std::string log;
    bool help = false;
    ApiOptions api;
};

constexpr const char* kUsage =
    "usage: trunkline-sim-telegram [--listen HOST:PORT] [--token TOKEN]... [--any-token]\n"
    "                              [--log FILE] [--fast N]\n"
    "                              [--allow-http-webhook] [--allow-private-webhook] | --help\n"
    "\n"
    "  --listen HOST:PORT        Bot API and the customer's page; default 127.0.0.1:8443\n"
    "  --token TOKEN             a bot's token; may be given several times\n"
    "  --any-token               every token is good\n"
    "  --log FILE                every call and webhook attempt, one JSON line each\n"
    "  --fast N                  long times are divided by N, 1 to 10000\n"
    "  --allow-http-webhook      webhooks without TLS\n"
    "  --allow-private-webhook   webhooks on loopback and private networks, on any port\n"
    "  --help                    print this\n";

constexpr int kFastMax = 10'000;

/// What is wrong with the words, or "".
std::string parse(const std::vector<std::string>& words, Arguments& out) {
    const std::map<std::string, bool*> flags{
        {"--any-token", &out.api.any_token},
        {"--allow-http-webhook", &out.api.allow_http_webhook},
        {"--allow-private-webhook", &out.api.allow_private_webhook},
        {"--help", &out.help},
    };
    for (std::size_t at = 0; at < words.size(); ++at) {
        const std::string& word = words[at];
        if (const auto flag = flags.find(word); flag != flags.end()) {
            *flag->second = true;
            continue;
        }
        if (word != "--listen" && word != "--log" && word != "--token" && word != "--fast")
            return "unknown word \"" + word + "\"";
        if (at + 1 == words.size()) return word + " needs a value";
        const std::string& value = words[++at];
        if (word == "--listen") out.listen = value;
        if (word == "--log") out.log = value;
        if (word == "--token") out.api.tokens.insert(value);
        if (word != "--fast") continue;
        const char* end = value.data() + value.size();
        const auto [rest, error] = std::from_chars(value.data(), end, out.api.fast);
        if (error != std::errc{} || rest != end || out.api.fast < 1 || out.api.fast > kFastMax)
            return "--fast takes a whole number from 1 to 10000, not \"" + value + "\"";
    }
    return "";
}

/// All of a simulated Telegram, and the way into it.
class Telegram {
public:
    Telegram(kit::Loop& loop, const Arguments& arguments)
        : client_{loop},
          journal_{arguments.log},
          webhook_{
              {loop,
               world_,
               updates_,
               journal_,
               [this](kit::ClientRequest request, std::function<void(kit::ClientReply)> done) {
                   client_.send(std::move(request), std::move(done));
               },
               arguments.api.fast,
               [this](const std::string& method, const json::object& parameters) {
                   api_.execute(method, parameters);
               }}},
          api_{arguments.api, {loop, world_, updates_, webhook_, faults_, journal_, rates_}},
          control_{
              {loop, faults_, journal_, rates_, world_.files(), api_.calls()}, abilities(world_)} {
        updates_.set_faults(&faults_, [](std::int64_t id) {
            return json::object{
                {"update_id", id}, {"made_up_kind", {{"id", 1}, {"text", "from tomorrow"}}}};
        });
        add_routes(control_, loop, world_, updates_, customer_, groups_);
    }

    void handle(kit::Request request, const kit::Reply& reply) {
        if (request.path.starts_with("/bot")) return call(request, reply);
        if (request.path.starts_with("/file/bot")) return reply(file(request));
        if (control_.takes(request.path)) return reply(control_.handle(request));
        reply(not_found());
    }

private:
    kit::Response not_found() const { return api_.words().refuse({404, "Not Found", {}}); }

    void call(const kit::Request& request, const kit::Reply& reply) {
        constexpr std::size_t kStart = 4;  // "/bot"
        const std::size_t slash = request.path.find('/', kStart);
        if (slash == std::string::npos) return reply(not_found());
        auto parameters = Parameters::read(request);
        if (!parameters) return reply(api_.words().refuse(bad_request("can't parse request")));
        api_.call(
            request.path.substr(kStart, slash - kStart),
            request.path.substr(slash + 1),
            *std::move(parameters),
            reply
        );
    }

    kit::Response file(const kit::Request& request) {
        constexpr std::size_t kStart = 9;  // "/file/bot"
        const std::size_t slash = request.path.find('/', kStart);
        if (slash == std::string::npos || !api_.knows(request.path.substr(kStart, slash - kStart)))
            return not_found();
        const File* file = world_.files().find_path(request.path.substr(slash + 1));
        if (file == nullptr) return not_found();
        return kit::serve(*file, request.header("Range"), "application/octet-stream");
    }

    kit::Client client_;
    kit::Journal journal_;
    kit::Faults faults_;
    kit::Rates rates_;
    World world_{kit::system_now};
    Updates updates_{world_};
    Webhook webhook_;
    BotApi api_;
    Customer customer_{world_, updates_};
    Groups groups_{world_, updates_};
    kit::Control control_;
};

int run(const Arguments& arguments) {
    kit::Loop loop;
    Telegram telegram{loop, arguments};
    try {
        const kit::Server server{
            loop, arguments.listen, [&telegram](kit::Request request, const kit::Reply& reply) {
                telegram.handle(std::move(request), reply);
            }};
        std::cout << "sim-telegram: listening on http://"
                  << arguments.listen.substr(0, arguments.listen.rfind(':')) << ':' << server.port()
                  << std::endl;
        loop.run_until_signal();
    } catch (const std::exception& error) {
        std::cerr << "sim-telegram: " << error.what() << '\n';
        return 1;
    }
    return 0;
}

}  // namespace
}  // namespace trunkline::telegram::simulator

int main(int count, char** values) {
    namespace simulator = trunkline::telegram::simulator;
    simulator::Arguments arguments;
    const auto wrong = simulator::parse({values + 1, values + count}, arguments);
    if (!wrong.empty()) {
        std::cerr << "sim-telegram: " << wrong << '\n' << simulator::kUsage;
        return 2;
    }
    if (arguments.help) {
        std::cout << simulator::kUsage;
        return 0;
    }
    return simulator::run(arguments);
}
