#include "host/delivery/portal_destination.hpp"

#include <utility>
#include <vector>

#include <boost/json.hpp>
#include <google/protobuf/arena.h>
#include <spdlog/spdlog.h>

#include "host/async/spawn.hpp"
#include "host/delivery/verdict.hpp"
#include "host/seal/webhook_id.hpp"
#include "host/universal/json.hpp"

namespace trunkline::delivery {

namespace {

constexpr std::uint64_t kReplyBytesMax = 256ULL << 10U;
constexpr std::size_t kPieceBytes = 16U << 10U;  // of the memory in which events are read

// What the store knows better than the event that was written before it had a place.
bool read_event(const store::Record& record, universal::Event& event) {
    if (!event.ParseFromString(record.body)) return false;
    event.set_id(record.id.text());
    event.set_sequence(record.sequence);
    event.set_conversation_sequence(record.conversation_sequence);
    if ((record.flags & store::kRequeued) != 0 && record.requeued != 0) {
        event.mutable_requeued()->set_sequence(record.requeued);
    }
    return true;
}

// Everything it needs is its own: the lane may end meanwhile.
async::Awaitable<> send_warning(
    std::function<net::Client&()> client, net::ClientRequest request, std::string portal
) {
    auto& present = client();
    const auto reply = co_await present.fetch(std::move(request));
    const bool taken = reply.status >= 200 && reply.status < 300;
    spdlog::log(
        taken ? spdlog::level::info : spdlog::level::warn,
        "portal.owner_{} portal={} status={} reason=\"{}\"",
        taken ? "told" : "not_told",
        portal,
        reply.status,
        reply.reason
    );
}

std::string explain(const lanes::Gap& gap) {
    return std::to_string(gap.count) + (gap.count == 1 ? " event was" : " events were") +
           " given up on (" + gap.reason + ")";
}

}  // namespace

struct PortalDestination::Letter {
    std::string plain;
    std::string id;
    PortalSettings settings;
    lanes::Milliseconds timeout{0};  // 0 = the usual one
};

PortalDestination::PortalDestination(Setup setup, const Clock& clock)
    : setup_{std::move(setup)}, clock_{clock} {
    if (!setup_.sealers) setup_.sealers = std::make_shared<Sealers>();
}

PortalDestination::~PortalDestination() = default;

// Not a part of `deliver`: what the events take up is given back before the portal is waited for.
std::optional<PortalDestination::Letter> PortalDestination::written(
    const lanes::Delivery& delivery, lanes::Verdict& unreadable
) const {
    google::protobuf::ArenaOptions pieces;
    pieces.start_block_size = kPieceBytes;
    pieces.max_block_size = kPieceBytes;
    google::protobuf::Arena memory{pieces};
    std::vector<const universal::Event*> events;
    std::vector<std::string> ids;
    events.reserve(delivery.records.size());
    ids.reserve(delivery.records.size());
    for (const auto& record : delivery.records) {
        auto& event = *google::protobuf::Arena::CreateMessage<universal::Event>(&memory);
        events.push_back(&event);
        ids.push_back(record.id.text());
        if (!read_event(record, event)) {
            unreadable.rejected.push_back({.id = record.id, .reason = "unreadable"});
        }
    }
    if (!unreadable.rejected.empty()) return std::nullopt;
    universal::BatchHead head{
        .portal = setup_.portal.text(),
        .lane = setup_.lane,
        .epoch = delivery.epoch,
        .backlog = nullptr};
    universal::Backlog backlog;
    if (delivery.backlog) {
        backlog.set_count(delivery.backlog->count);
        backlog.set_conversations(delivery.backlog->conversations);
        backlog.set_oldest(delivery.backlog->oldest_ms);
        backlog.set_through(delivery.backlog->through);
        head.backlog = &backlog;
    }
    Letter letter;
    letter.plain = universal::write_batch_json(head, events);
    letter.id = seal::webhook_id(
        {.portal = setup_.portal, .lane = setup_.lane, .epoch = delivery.epoch, .event_ids = ids}
    );
    return letter;
}

async::Awaitable<lanes::Verdict> PortalDestination::deliver(lanes::Delivery delivery) {
    lanes::Verdict unreadable;
    auto letter = written(delivery, unreadable);
    if (!letter) {
        // Ours, not the portal's: what cannot be read cannot be sent, now or later.
        unreadable.kind = lanes::Verdict::Kind::rejected;
        unreadable.detail = "stored event cannot be read";
        co_return unreadable;
    }
    letter->timeout = delivery.timeout;
    delivery.records.clear();
    delivery.records.shrink_to_fit();
    auto verdict = co_await post(*std::move(letter));
    co_return verdict;
}

async::Awaitable<lanes::Verdict> PortalDestination::knock(std::uint64_t epoch) {
    Letter letter;
    letter.plain = universal::write_batch_json(
        {.portal = setup_.portal.text(), .lane = setup_.lane, .epoch = epoch, .backlog = nullptr},
        {}
    );
    letter.id = seal::webhook_id(
        {.portal = setup_.portal, .lane = setup_.lane, .epoch = epoch, .event_ids = {}}
    );
    auto verdict = co_await post(std::move(letter));
    co_return verdict;
}

// Signed afresh on every try: the timestamp is part of what is signed.
net::ClientRequest PortalDestination::sealed(const Letter& letter, std::string url) {
    const auto& settings = letter.settings;
    auto& sealer = setup_.sealers->of(setup_.portal, settings.keys);
    auto envelope = sealer.seal(
        letter.plain, "application/json", settings.encrypt, letter.id, clock_.wall_ms()
    );
    net::ClientRequest request;
    request.method = "POST";
    request.url = std::move(url);
    request.headers.push_back({"Content-Type", std::move(envelope.content_type)});
    request.headers.push_back({"webhook-id", std::move(envelope.id)});
    request.headers.push_back({"webhook-timestamp", std::move(envelope.timestamp)});
    request.headers.push_back({"webhook-signature", std::move(envelope.signature)});
    request.body = std::move(envelope.body);
    request.follow_redirects = false;
    request.timeout = letter.timeout.count() > 0 ? letter.timeout : setup_.timeout;
    request.reply_bytes_max = kReplyBytesMax;
    request.allow_private = settings.allow_private;
    return request;
}

async::Awaitable<lanes::Verdict> PortalDestination::post(Letter letter) {
    letter.settings = setup_.settings();
    auto request = sealed(letter, letter.settings.url);
    letter.plain.clear();
    letter.plain.shrink_to_fit();
    auto& client = setup_.client();
    const auto reply = co_await client.fetch(std::move(request));
    AnswerRules rules;
    rules.html_is_acceptance = letter.settings.html_is_acceptance;
    auto verdict = read_answer(reply, rules, clock_.wall_ms());
    // It has moved meanwhile: that it is gone from where it was says nothing about where it is.
    if (verdict.kind == lanes::Verdict::Kind::gone && setup_.settings().url != letter.settings.url)
        verdict.kind = lanes::Verdict::Kind::cancelled;
    co_return verdict;
}

void PortalDestination::warn(const lanes::Warning& warning) {
    Letter letter;
    letter.settings = setup_.settings();
    if (letter.settings.warn_url.empty() || !setup_.loop) return;
    const auto code = lanes::code_of(warning);
    letter.plain = boost::json::serialize(boost::json::object{
        {"type", "warning"},
        {"portal", setup_.portal.text()},
        {"lane", setup_.lane},
        {"code", code},
        {"text", lanes::text_of(warning)},
        {"waiting", warning.waiting},
        {"oldest", rfc3339(warning.oldest_ms)},
        {"expires", rfc3339(warning.expires_ms)}});
    const std::vector<std::string> what{code, std::to_string(warning.oldest_ms)};
    letter.id = seal::webhook_id(
        {.portal = setup_.portal, .lane = setup_.lane, .epoch = 0, .event_ids = what}
    );
    auto request = sealed(letter, letter.settings.warn_url);
    auto send = [client = setup_.client,
                 request = std::move(request),
                 portal = setup_.portal.text()]() mutable {
        return send_warning(std::move(client), std::move(request), std::move(portal));
    };
    async::spawn(*setup_.loop, "warning for " + setup_.portal.text(), std::move(send));
}

store::Append PortalDestination::gap_notice(const lanes::Gap& gap, const store::Record* only) {
    const auto now = clock_.wall_ms();
    universal::Event event;
    store::Append notice;
    if (only != nullptr) {
        notice.conversation = only->conversation;
        universal::Event lost;
        if (lost.ParseFromString(only->body)) {
            event.set_connector(lost.connector());
            event.set_account(lost.account());
            event.set_line(lost.line());
            if (lost.has_conversation()) *event.mutable_conversation() = lost.conversation();
        }
    }
    event.set_type("notice");
    event.set_time(now);
    event.set_received(now);
    event.set_code("gap");
    event.set_text(explain(gap));
    event.mutable_gap()->set_from(gap.from);
    event.mutable_gap()->set_through(gap.through);
    event.mutable_gap()->set_count(gap.count);
    event.mutable_gap()->set_reason(gap.reason);
    notice.id = only == nullptr ? make_ulid(now) : lanes::notice_id(*only);
    notice.accepted_ms = now;
    notice.body = event.SerializeAsString();
    return notice;
}

std::optional<lanes::Gap> PortalDestination::gap_of(const store::Record& notice) {
    universal::Event event;
    if (!event.ParseFromString(notice.body) || !event.has_gap()) return std::nullopt;
    return lanes::Gap{
        .from = event.gap().from(),
        .through = event.gap().through(),
        .count = event.gap().count(),
        .reason = event.gap().reason(),
    };
}

std::string PortalDestination::target() const {
    const auto url = setup_.settings().url;
    const auto scheme = url.find("://");
    const auto from = scheme == std::string::npos ? 0 : scheme + 3;
    return url.substr(from, url.find_first_of("/?#", from) - from);
}

}  // namespace trunkline::delivery
