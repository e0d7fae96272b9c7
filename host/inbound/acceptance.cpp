#include "host/inbound/acceptance.hpp"

#include <array>
#include <map>

#include <boost/json.hpp>
#include <google/protobuf/arena.h>

#include "host/async/spawn.hpp"
#include "host/base/base64.hpp"
#include "host/media/copy_job.hpp"
#include "host/seal/crypto.hpp"
#include "host/universal/part_id.hpp"

namespace trunkline::inbound {
namespace {

using accounts::Account;
using universal::Event;

constexpr std::uint32_t kEcho = 1;
constexpr std::uint32_t kHistory = 2;
constexpr std::size_t kReadableMax = 4096;
constexpr std::size_t kTypicalEvent = 4096;  // in memory

/// Order is kept within it in the portal's lane; the account is part of it, because two bots may
/// share a chat id.
std::string order_key(const Account& account, const std::string& conversation) {
    return conversation.empty() ? std::string{} : account.id.text() + '\x1f' + conversation;
}

bool customer_spoke(const Event& event) {
    if (event.outgoing() || event.late()) return false;
    return event.type() == "message" || event.type() == "callback" || event.type() == "unsupported";
}

/// Whether an attachment's file dies at its messenger so soon that the host keeps a copy.
bool dies_soon(
    const Ground& ground, const Account& account, const universal::Attachment& attachment
) {
    if (!ground.copies_wait || account.portal->limits().copied_bytes == 0) return false;
    const WallMs now = ground.clock.wall_ms();
    const WallMs within = std::max<WallMs>(
        ground.copy_within_ms + beyond_longest(ground, account), account.copy_before.count()
    );
    return attachment.has_expires() && attachment.expires() > now &&
           attachment.expires() <= now + within;
}

media::CopyJob copy_job(
    const Ground& ground,
    const Account& account,
    const Event& event,
    const universal::Attachment& attachment
) {
    const WallMs now = ground.clock.wall_ms();
    media::CopyJob job;
    job.id = make_ulid(now).text();
    job.account = account.id;
    job.ref = attachment.ref();
    job.dies_ms = attachment.expires();
    job.until_ms = now + ground.media_life_ms + beyond_longest(ground, account);
    job.due_ms = now;
    job.conversation = event.conversation().id();
    job.kind = event.conversation().kind();
    job.message = event.message().id();
    job.attachment_kind = attachment.kind();
    job.url = attachment.url();
    job.name = attachment.name();
    job.mime = attachment.mime();
    return job;
}

/// Replaces the connector's references by links that mean nothing outside; what is to be copied
/// goes into the write with the event.
std::vector<store::Put> link_media(const Ground& ground, const Account& account, Event& event) {
    std::vector<store::Put> copies;
    const WallMs until =
        ground.clock.wall_ms() + ground.media_life_ms + beyond_longest(ground, account);
    if (event.has_message()) {
        for (auto& attachment : *event.mutable_message()->mutable_attachments()) {
            if (attachment.ref().empty()) continue;
            const std::string& name =
                attachment.name().empty() ? attachment.kind() : attachment.name();
            const media::Link link{
                account.id, attachment.ref(), attachment.mime(), until, attachment.expires()};
            attachment.set_url(ground.links.url(link, name));
            if (dies_soon(ground, account, attachment))
                copies.push_back(media::row_of(copy_job(ground, account, event, attachment)));
        }
    }
    link_avatars(ground, account, event);
    return copies;
}

/// Whose profile may be worth asking for: somebody who wrote now.
void note_customer(const Account& account, const Event& event, Accepted& out) {
    if (!account.profile_every || !customer_spoke(event) || event.sender().id().empty() ||
        event.sender().bot() || event.conversation().id().empty())
        return;
    out.met.push_back({event.conversation().id(), event.conversation().kind(), event.sender()});
}

std::string quarantine_row(
    const Account& account,
    const std::string& conversation,
    const std::string& reason,
    const Payload& raw,
    WallMs now
) {
    boost::json::object row{
        {"account", account.id.text()},
        {"connector", account.connector.text()},
        {"portal", account.portal->id.text()},
        {"conversation", conversation},
        {"reason", reason},
        {"received", rfc3339(now)},
        {"raw", base64_encode(raw.body)},
    };
    if (!raw.method.empty()) row["request"] = request_of(account, raw);
    return boost::json::serialize(row);
}

/// An `unsupported` event in the place of what could not be read, and that in the quarantine under
/// the event's own id.
void append_placeholder(
    const Ground& ground,
    Account& account,
    Event& event,
    const Payload& raw,
    std::string dedup,
    Accepted& out
) {
    const WallMs now = ground.clock.wall_ms();
    const Ulid id = make_ulid(now);
    event.set_id(id.text());
    event.set_type("unsupported");
    event.set_quarantine(id.text());
    std::vector<store::Put> with;
    with.push_back(
        {store::Table::quarantine,
         std::string{id.view()},
         quarantine_row(account, event.conversation().id(), event.reason(), raw, now),
         now + ground.quarantine_keep_ms}
    );
    append_event(ground, account, event, std::move(dedup), std::move(with), out);
    ++out.quarantined;
    ++account.figures.quarantined;
}

void add_facts(
    Account& account, const tasks::Item& item, const Event& event, WallMs now, Accepted& out
) {
    if (event.conversation().id().empty()) return;
    store::ConversationChange change;
    change.lane = account.lane;
    change.conversation = event.conversation().id();
    if (customer_spoke(event)) change.customer_spoke_ms = now;
    change.note = item.note;
    if (customer_spoke(event) && !event.conversation().kind().empty())
        change.kind = event.conversation().kind();
    if (change.customer_spoke_ms || change.note)
        out.batch.conversations.push_back(std::move(change));
}

void mark_replayed(Event& event, Replay& replay) {
    if (replay.first) {
        if (event.type() == "message") event.set_type("edited");
        event.set_replaces(replay.replaces);
        replay.first = false;
    } else {
        event.set_late(true);
    }
}

/// Which of several items with one dedup key it is: a payload may hold several, and a repeat of it
/// holds them in the same order.
std::string dedup_of(
    const Account& account, const tasks::Item& item, std::map<std::string, int>& seen
) {
    if (item.dedup.empty()) return {};
    std::string key = account.id.text() + '\x1f' + item.dedup;
    if (const int nth = seen[item.dedup]++; nth > 0) key += '\x1f' + std::to_string(nth);
    return key;
}

void accept_item(
    const Ground& ground,
    Account& account,
    tasks::Item item,
    const Payload& input,
    std::string dedup,
    Replay* replay,
    Accepted& out
) {
    google::protobuf::ArenaOptions pieces;
    std::array<char, kTypicalEvent> typical;  // NOLINT: not to be filled
    pieces.initial_block = typical.data();
    pieces.initial_block_size = typical.size();
    google::protobuf::Arena memory{pieces};
    auto& event = *google::protobuf::Arena::CreateMessage<Event>(&memory);
    auto read = universal::read_event(item.json, event);
    if (read && event.type() == "status" && event.command().empty()) {
        read = Error{Fault::unsupported, "a status that names no command is not in this version"};
    }
    const auto known = account.known_as.find(item.conversation);
    const std::string conversation =
        known == account.known_as.end() ? item.conversation : known->second;
    if (replay != nullptr && (!read || event.type() == "unsupported")) {
        out.unreadable = read ? event.reason() : read.error().context;
        return;
    }
    if (!read) {
        event.Clear();
        event.mutable_conversation()->set_id(conversation);
        event.mutable_conversation()->set_kind("direct");
        event.set_reason(read.error().context);
        return append_placeholder(
            ground,
            account,
            event,
            item.raw.empty() ? input : Payload{{}, {}, {}, item.raw},
            std::move(dedup),
            out
        );
    }
    if (!conversation.empty()) event.mutable_conversation()->set_id(conversation);
    // Connectors know the parts of a split command, portals only the command.
    if (event.type() == "status")
        event.set_command(std::string{universal::command_of_part(event.command())});
    if ((item.flags & kEcho) != 0) event.set_outgoing(true);
    if ((item.flags & kHistory) != 0) event.set_late(true);
    if (replay != nullptr) mark_replayed(event, *replay);
    add_facts(account, item, event, ground.clock.wall_ms(), out);
    if (event.type() == "unsupported") {
        if (event.text().size() > kReadableMax) event.clear_text();
        return append_placeholder(
            ground,
            account,
            event,
            item.raw.empty() ? input : Payload{{}, {}, {}, item.raw},
            std::move(dedup),
            out
        );
    }
    note_customer(account, event, out);
    auto copies = link_media(ground, account, event);
    out.to_copy += copies.size();
    append_event(ground, account, event, std::move(dedup), std::move(copies), out);
}

/// The portal's name for a conversation never changes: it is the id it was first known by.
void accept_alias(
    const Ground& ground,
    Account& account,
    const tasks::Alias& alias,
    const Kinds& kinds,
    Accepted& out
) {
    const auto chain = account.known_as.find(alias.former);
    const std::string original = chain == account.known_as.end() ? alias.former : chain->second;
    if (alias.conversation == original || account.known_as.contains(alias.conversation)) return;
    account.known_as[alias.conversation] = original;
    out.aliases.push_back(alias.conversation);
    out.batch.put.push_back(
        {store::Table::account,
         "alias/" + account.id.text() + '/' + alias.conversation,
         original,
         0}
    );
    store::ConversationChange change;
    change.lane = account.lane;
    change.conversation = original;
    change.current = alias.conversation;
    out.batch.conversations.push_back(std::move(change));
    Event event;
    event.set_type("conversation");
    event.mutable_conversation()->set_id(original);
    const auto kind = kinds.find(original);
    if (kind != kinds.end()) event.mutable_conversation()->set_kind(kind->second);
    event.set_former(alias.former);
    append_event(
        ground,
        account,
        event,
        account.id.text() +
            "\x1f"
            "alias\x1f" +
            alias.conversation,
        {},
        out
    );
}

}  // namespace

WallMs beyond_longest(const Ground& ground, const Account& account) {
    const WallMs retention = account.portal->terms()->retention.count();
    return std::max<WallMs>(0, retention - ground.longest_retention_ms);
}

void link_avatars(const Ground& ground, const Account& account, Event& event) {
    const WallMs until =
        ground.clock.wall_ms() + ground.media_life_ms + beyond_longest(ground, account);
    for (universal::Sender* person :
         {event.has_sender() ? event.mutable_sender() : nullptr,
          event.has_who() ? event.mutable_who() : nullptr}) {
        if (person == nullptr || person->avatar_ref().empty()) continue;
        const media::Link link{account.id, person->avatar_ref(), "image/jpeg", until, 0};
        person->set_avatar(ground.links.url(link, "avatar"));
    }
}

void append_event(
    const Ground& ground,
    Account& account,
    Event& event,
    std::string dedup,
    std::vector<store::Put> with,
    Accepted& out
) {
    const WallMs now = ground.clock.wall_ms();
    Ulid id;
    if (event.id().empty() || !Ulid::parse(event.id(), id)) id = make_ulid(now);
    event.clear_id();  // filled in from the record at delivery, as are the sequences
    event.set_connector(account.connector.text());
    event.set_account(account.id.text());
    event.set_line(account.line);
    event.set_received(now);
    if (!event.has_time()) event.set_time(now);

    const auto terms = account.portal->terms();
    const accounts::PortalLane& lane = terms->lane_for(event.type());
    std::string conversation = order_key(account, event.conversation().id());
    if (lane.memory) {
        store::Record record;
        record.id = id;
        record.accepted_ms = now;
        record.conversation = std::move(conversation);
        record.body = event.SerializeAsString();
        out.fleeting.push_back({lane.memory, event.type(), std::move(record), std::move(dedup)});
        // Of what is kept beside it nothing is fleeting.
        std::ranges::move(with, std::back_inserter(out.batch.put));
        return;
    }
    store::Append append;
    append.lane = lane.id;
    append.conversation = std::move(conversation);
    append.id = id;
    append.accepted_ms = now;
    append.dedup = std::move(dedup);
    append.dedup_until_ms = now + account.redelivery_window_ms;
    append.body = event.SerializeAsString();
    append.with = std::move(with);
    out.batch.append.push_back(std::move(append));
}

void append_health(const Ground& ground, Account& account, accounts::Health health, Accepted& out) {
    health.since_ms = ground.clock.wall_ms();
    accounts::Health former = account.health();
    if (!account.set_health(health)) return;
    if (!out.former_health) out.former_health = std::move(former);
    // Kept, so that a restart is no news.
    out.batch.put.push_back(
        {store::Table::account,
         "health/" + account.id.text(),
         boost::json::serialize(boost::json::object{
             {"state", to_string(health.state)},
             {"code", health.code},
             {"text", health.text},
             {"since", health.since_ms},
             {"until", health.until_ms}}),
         0}
    );
    Event event;
    event.set_type("notice");
    event.set_code("account");
    event.set_text(explained(health));
    auto* detail = event.mutable_health();
    detail->set_account(account.id.text());
    detail->set_state(std::string{to_string(health.state)});
    detail->set_code(health.code);
    detail->set_text(event.text());
    detail->set_action(std::string{action_of(health)});
    if (health.until_ms > 0) detail->set_until(health.until_ms);
    append_event(ground, account, event, "", {}, out);
}

void quarantine_whole(
    const Ground& ground,
    Account& account,
    const Payload& input,
    const std::string& reason,
    Accepted& out
) {
    Event event;
    event.mutable_conversation()->set_kind("direct");
    event.set_reason(reason);
    // The messenger's own facts are unreadable, so a redelivery is known by its bytes.
    append_placeholder(
        ground,
        account,
        event,
        input,
        account.id.text() +
            "\x1f"
            "raw\x1f" +
            seal::sha256(input.body),
        out
    );
}

Accepted accept(
    const Ground& ground,
    Account& account,
    tasks::Durable durable,
    const Payload& input,
    Replay* replay,
    const Kinds& kinds
) {
    Accepted out;
    std::map<std::string, int> seen;
    for (tasks::Alias& alias : durable.aliases)
        accept_alias(ground, account, alias, kinds, out);
    for (tasks::Item& item : durable.items) {
        // A replayed payload is not a redelivery: its dedup keys are those of the placeholder.
        std::string dedup = replay == nullptr ? dedup_of(account, item, seen) : std::string{};
        accept_item(ground, account, std::move(item), input, std::move(dedup), replay, out);
    }
    for (tasks::Health& told : durable.health) {
        auto health = accounts::health_of(
            told.state, std::move(told.code), std::move(told.text), told.until_ms
        );
        if (!health) continue;  // no connector gets another word this far
        if (!stands_still(health->state) && stands_still(account.health().state) &&
            account.recovered)
            async::spawn(account.loop.get_executor(), "account recovered", account.recovered);
        append_health(ground, account, *std::move(health), out);
    }
    for (store::Put& put : durable.put)
        out.batch.put.push_back(std::move(put));
    for (store::Erase& erase : durable.erase)
        out.batch.erase.push_back(std::move(erase));
    return out;
}

}  // namespace trunkline::inbound
