#include "plugins/telegram/simulator/webhook.hpp"

#include <algorithm>

#include <trunkline/simulator/url.hpp>

namespace trunkline::telegram::simulator {
namespace {

using std::chrono::milliseconds;

constexpr milliseconds kAnswerWithin{60'000};
constexpr WallMs kGoneFor = 23LL * 3600 * 1000;

/// The wait before the next try. The first repeat comes at once.
milliseconds wait_after(int failures) {
    if (failures <= 1) return milliseconds{0};
    if (failures > 6) return milliseconds{90'000};
    return milliseconds{1'000LL << (failures - 1)};
}

std::string_view reason_of(int status) {
    switch (status) {
        case 400:
            return " Bad Request";
        case 401:
            return " Unauthorized";
        case 403:
            return " Forbidden";
        case 404:
            return " Not Found";
        case 410:
            return " Gone";
        case 500:
            return " Internal Server Error";
        case 502:
            return " Bad Gateway";
        case 503:
            return " Service Unavailable";
        default:
            return "";
    }
}

}  // namespace

Webhook::Webhook(Rooms rooms)
    : rooms_{std::move(rooms)},
      delivery_{
          rooms_.loop,
          rooms_.updates,
          rooms_.send,
          {[this] { return !hook_.url.empty(); },
           [this](const kit::Item& item) { return request(item); },
           [this](const kit::Item& item, const kit::ClientReply& reply) {
               return judge(item, reply);
           },
           wait_after,
           0,
           {}}} {
    delivery_.fast = rooms_.fast;
}

void Webhook::set(Hook hook) {
    hook_ = std::move(hook);
    delivery_.connections_max = hook_.max_connections;
    delivery_.restart();
}

kit::ClientRequest Webhook::request(const kit::Item& item) const {
    kit::ClientRequest out;
    out.url = hook_.url;
    out.headers = {{"Content-Type", "application/json"}, {"Accept-Encoding", "gzip, deflate"}};
    if (!hook_.secret.empty())
        out.headers.emplace_back("X-Telegram-Bot-Api-Secret-Token", hook_.secret);
    out.body = json::serialize(item.body);
    out.timeout = kAnswerWithin;
    return out;
}

kit::Verdict Webhook::judge(const kit::Item& item, const kit::ClientReply& reply) {
    json::object entry{
        {"update_id", item.id},
        {"queue", item.queue},
        {"status", reply.status},
        {"update", item.body}};
    if (reply.status == 0) entry["reason"] = reply.reason;
    rooms_.journal.write("webhook", std::move(entry), rooms_.world.now_ms());
    const WallMs now = rooms_.world.now_ms();
    if (reply.status != 410)
        hook_.gone_since_ms = 0;
    else if (hook_.gone_since_ms == 0)
        hook_.gone_since_ms = now;
    if (reply.status / 100 == 2) {
        const auto answer = parsed(reply.body);
        const std::string method{answer ? text_at(*answer, "method") : ""};
        if (!method.empty()) rooms_.execute(method, answer->as_object());
        return {true, {}};
    }
    note_failure(reply);
    if (hook_.gone_since_ms > 0 && now - hook_.gone_since_ms > kGoneFor / rooms_.fast)
        hook_.url.clear();
    const auto after = kit::whole_number(kit::find_header(reply.headers, "Retry-After"));
    if (!after) return {};
    return {false, milliseconds{std::clamp<std::int64_t>(*after, 0, 3600) * 1000}};
}

void Webhook::note_failure(const kit::ClientReply& reply) {
    hook_.last_error_ms = rooms_.world.now_ms();
    hook_.last_error = reply.status == 0
                           ? reply.reason
                           : "Wrong response from the webhook: " + std::to_string(reply.status) +
                                 std::string{reason_of(reply.status)};
}

}  // namespace trunkline::telegram::simulator
