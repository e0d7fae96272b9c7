// A simulated Telegram: the Bot API, the webhook sender and the customer's page in one program on
// one loop.
#include <charconv>
#include <csignal>
#include <iostream>
#include <map>
#include <string>
#include <vector>

#include <spdlog/spdlog.h>

#include "host/async/loops.hpp"
#include "host/base/clock.hpp"
#include "host/net/range.hpp"
#include "plugins/telegram/simulator/bot_api.hpp"
#include "plugins/telegram/simulator/control.hpp"
#include "plugins/telegram/simulator/customer.hpp"
#include "plugins/telegram/simulator/page.hpp"

namespace trunkline::telegram::simulator {
namespace {

constexpr std::uint64_t kBodyMax = 64ULL << 20U;

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

/// Leads a request to the Bot API, the files, the control or the page.
class Door final : public net::Handler {
public:
    Door(BotApi& api, Control& control, World& world)
        : api_{api}, control_{control}, world_{world} {}

    net::BodyPlan plan(const net::RequestHead&) override {
        net::BodyPlan plan;
        plan.bytes_max = kBodyMax;
        return plan;
    }

    async::Awaitable<net::Response> handle(net::Request request) override {
        const std::string path{request.head.path};
        const std::string method{request.head.method};
        if (path.starts_with("/bot")) {
            const std::size_t slash = path.find('/', 4);
            if (slash == std::string::npos) co_return not_found();
            auto parameters = Parameters::read(request.head, request.body);
            if (!parameters) co_return bad_body();
            auto response = co_await api_.call(
                path.substr(4, slash - 4), path.substr(slash + 1), *std::move(parameters)
            );
            co_return response;
        }
        if (path.starts_with("/file/bot"))
            co_return file(path, std::string{request.head.header("Range")});
        if (path.starts_with("/control/")) {
            auto response = co_await control_.handle(
                method, path, std::string{request.head.query}, std::move(request.body)
            );
            co_return response;
        }
        if (path != "/") co_return not_found();
        net::Response response;
        response.headers.push_back({"Content-Type", "text/html; charset=utf-8"});
        response.body = kPage;
        co_return response;
    }

private:
    static net::Response not_found() {
        net::Response response;
        response.status = 404;
        response.headers.push_back({"Content-Type", "application/json"});
        response.body = R"({"ok":false,"error_code":404,"description":"Not Found"})";
        return response;
    }

    static net::Response bad_body() {
        net::Response response;
        response.status = 400;
        response.headers.push_back({"Content-Type", "application/json"});
        response.body =
            R"({"ok":false,"error_code":400,"description":"Bad Request: can't parse request"})";
        return response;
    }

    net::Response file(const std::string& path, const std::string& range) const {
        constexpr std::size_t kStart = 9;  // "/file/bot"
        const std::size_t slash = path.find('/', kStart);
        if (slash == std::string::npos || !api_.knows(path.substr(kStart, slash - kStart)))
            return not_found();
        const File* file = world_.file_by_path(path.substr(slash + 1));
        if (file == nullptr) return not_found();
        net::Response response;
        response.headers.push_back({"Content-Type", "application/octet-stream"});
        response.headers.push_back({"Accept-Ranges", "bytes"});
        bool outside = false;
        const auto part = net::parse_range(range, file->bytes.size(), &outside);
        if (outside) {
            response.status = 416;
            response.headers.push_back(
                {"Content-Range", "bytes */" + std::to_string(file->bytes.size())}
            );
        } else if (part) {
            response.status = 206;
            response.headers.push_back({"Content-Range", part->content_range(file->bytes.size())});
            response.body = file->bytes.substr(part->first, part->count());
        } else {
            response.body = file->bytes;
        }
        return response;
    }

    BotApi& api_;
    Control& control_;
    World& world_;
};

int run(const Arguments& arguments) {
    sigset_t signals;
    sigemptyset(&signals);
    sigaddset(&signals, SIGINT);
    sigaddset(&signals, SIGTERM);
    pthread_sigmask(SIG_BLOCK, &signals, nullptr);
    std::signal(SIGPIPE, SIG_IGN);

    SystemClock clock;
    async::Loops loops{1};
    auto guard = net::AddressGuard::make(true, {});
    if (!guard) return 1;
    auto client = net::make_client(loops.at(0), *guard);
    Journal journal{arguments.log};
    World world{clock};
    Updates updates{world};
    Faults faults;
    BotApi* executor = nullptr;
    WebhookSender sender{
        {loops.at(0),
         world,
         updates,
         journal,
         *client,
         arguments.api.fast,
         [&executor](const std::string& method, const json::object& parameters) {
             executor->execute(method, parameters);
         }}};
    BotApi api{arguments.api, world, updates, sender, faults, journal};
    executor = &api;
    Customer customer{world, updates, sender};
    Control control{{world, updates, customer, faults, journal, api, loops.at(0)}};
    Door door{api, control, world};

    auto server = net::listen(loops, {arguments.listen, "", "", {}}, {}, clock, door);
    if (!server) {
        std::cerr << "sim-telegram: " << server.error().context << '\n';
        return 1;
    }
    loops.start();
    std::cout << "sim-telegram: listening on http://"
              << arguments.listen.substr(0, arguments.listen.rfind(':')) << ':' << (*server)->port()
              << std::endl;
    int signal = 0;
    sigwait(&signals, &signal);
    (*server)->stop_accepting();
    loops.stop();
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
    spdlog::set_level(spdlog::level::warn);
    return simulator::run(arguments);
}
