// A simulated Telegram: the Bot API, the webhook sender and the customer's page in one program on
// one loop.
#include <charconv>
#include <csignal>
#include <iostream>
#include <string>

#include <spdlog/spdlog.h>

#include "host/async/loops.hpp"
#include "host/base/clock.hpp"
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
    ApiOptions api;
};

bool parse(int count, char** values, Arguments& out) {
    for (int i = 1; i < count; ++i) {
        const std::string word{values[i]};
        const bool more = i + 1 < count;
        if (word == "--any-token")
            out.api.any_token = true;
        else if (word == "--allow-http-webhook")
            out.api.allow_http_webhook = true;
        else if (word == "--allow-private-webhook")
            out.api.allow_private_webhook = true;
        else if (word == "--listen" && more)
            out.listen = values[++i];
        else if (word == "--log" && more)
            out.log = values[++i];
        else if (word == "--token" && more)
            out.api.tokens.insert(values[++i]);
        else if (word == "--fast" && more)
            out.api.fast = std::max(1, std::atoi(values[++i]));
        else
            return false;
    }
    return true;
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
        std::size_t first = 0;
        std::size_t last = file->bytes.size() - 1;
        if (range.starts_with("bytes=")) {
            const std::size_t dash = range.find('-');
            std::from_chars(range.data() + 6, range.data() + dash, first);
            if (dash + 1 < range.size())
                std::from_chars(range.data() + dash + 1, range.data() + range.size(), last);
            last = std::min(last, file->bytes.size() - 1);
            if (first > last) {
                response.status = 416;
                return response;
            }
            response.status = 206;
            response.headers.push_back(
                {"Content-Range",
                 "bytes " + std::to_string(first) + "-" + std::to_string(last) + "/" +
                     std::to_string(file->bytes.size())}
            );
        }
        response.body = file->bytes.substr(first, last - first + 1);
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
    trunkline::telegram::simulator::Arguments arguments;
    if (!trunkline::telegram::simulator::parse(count, values, arguments)) {
        std::cerr
            << "usage: trunkline-sim-telegram [--listen HOST:PORT] [--token TOKEN]... "
               "[--any-token] [--log FILE] [--fast N]\n"
               "                              [--allow-http-webhook] [--allow-private-webhook]\n";
        return 2;
    }
    spdlog::set_level(spdlog::level::warn);
    return trunkline::telegram::simulator::run(arguments);
}
