#include "plugins/telegram/simulator/webhook_sender.hpp"

#include <charconv>

#include "host/async/spawn.hpp"

namespace trunkline::telegram::simulator {
namespace {

using std::chrono::milliseconds;

constexpr milliseconds kAnswerWithin{60'000};
constexpr WallMs kGoneFor = 23LL * 3600 * 1000;

/// Delay before try number `failures` + 1. The first repeat comes at once.
milliseconds delay_after(int failures) {
    if (failures <= 1) return milliseconds{0};
    if (failures > 6) return milliseconds{90'000};
    return milliseconds{1'000LL << (failures - 1)};
}

}  // namespace

void WebhookSender::wake() {
    if (hook.url.empty()) return;
    while (running_ < hook.max_connections) {
        const auto queue = rooms_.updates.take_queue();
        if (!queue) return;
        ++running_;
        async::spawn(
            rooms_.loop.get_executor(),
            "webhook " + *queue,
            [this, queue = *queue, url = hook.url]() -> async::Awaitable<> {
                co_await run(queue, url);
                --running_;
                rooms_.updates.give_back(queue);
                // More may have come, or another queue was waiting for the connection.
                wake();
            }
        );
    }
}

async::Awaitable<> WebhookSender::run(std::string queue, std::string url) {
    int failures = 0;
    while (hook.url == url) {
        const Update* next = rooms_.updates.front(queue);
        if (next == nullptr) co_return;
        const Update update = *next;
        milliseconds told{-1};
        const bool taken = co_await post(update, &told);
        if (taken) {
            failures = 0;
            rooms_.updates.remove(update.id);
            continue;
        }
        ++failures;
        if (hook.gone_since_ms > 0 &&
            rooms_.world.now_ms() - hook.gone_since_ms > kGoneFor / rooms_.fast) {
            hook.url.clear();
            co_return;
        }
        milliseconds wait = told.count() >= 0 ? told : delay_after(failures);
        wait /= rooms_.fast;
        for (; wait.count() > 0 && hook.url == url; wait -= milliseconds{50})
            co_await async::pause(std::min(wait, milliseconds{50}));
    }
}

async::Awaitable<bool> WebhookSender::post(const Update& update, milliseconds* told) {
    net::ClientRequest request;
    request.method = "POST";
    request.url = hook.url;
    request.headers = {{"Content-Type", "application/json"}, {"Accept-Encoding", "gzip, deflate"}};
    if (!hook.secret.empty())
        request.headers.push_back({"X-Telegram-Bot-Api-Secret-Token", hook.secret});
    request.body = json::serialize(update.body);
    request.timeout = kAnswerWithin;
    request.allow_private = true;
    request.in_flight_per_host_max = 0;
    net::ClientReply reply = co_await rooms_.client.fetch(std::move(request));

    json::object entry{
        {"update_id", update.id},
        {"queue", update.queue},
        {"status", reply.status},
        {"update", update.body}};
    if (reply.status == 0) entry["reason"] = reply.reason;
    rooms_.journal.write("webhook", std::move(entry), rooms_.world.now_ms());
    if (reply.status != 410)
        hook.gone_since_ms = 0;
    else if (hook.gone_since_ms == 0)
        hook.gone_since_ms = rooms_.world.now_ms();
    if (reply.status / 100 == 2) {
        boost::system::error_code bad;
        const json::value answer = json::parse(reply.body, bad);
        if (!bad && answer.is_object() && answer.as_object().contains("method") &&
            answer.at("method").is_string()) {
            rooms_.execute(std::string{answer.at("method").as_string()}, answer.as_object());
        }
        co_return true;
    }
    note_failure(reply);
    const std::string_view after = net::find_header(reply.headers, "Retry-After");
    std::int64_t seconds = 0;
    const auto [end, error] = std::from_chars(after.data(), after.data() + after.size(), seconds);
    if (!after.empty() && error == std::errc{})
        *told = milliseconds{std::clamp<std::int64_t>(seconds, 0, 3600) * 1000};
    co_return false;
}

void WebhookSender::note_failure(const net::ClientReply& reply) {
    hook.last_error_ms = rooms_.world.now_ms();
    if (reply.status != 0)
        hook.last_error = "Wrong response from the webhook: " + std::to_string(reply.status);
    else if (reply.reason.find("time-out") != std::string::npos)
        hook.last_error = "Read timeout expired";
    else if (reply.reason.find("refused") != std::string::npos)
        hook.last_error = "Connection refused";
    else
        hook.last_error = "Webhook connection closed";
}

}  // namespace trunkline::telegram::simulator
