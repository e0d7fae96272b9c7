#include "host/outbound/status.hpp"

namespace trunkline::outbound {
namespace {

constexpr WallMs kSentRowLives = 7LL * 24 * 3600 * 1000;
constexpr WallMs kToldOnceFor = 24LL * 3600 * 1000;

}  // namespace

void append_status(
    const inbound::Ground& ground,
    accounts::Account& account,
    const universal::Command& command,
    const Status& status,
    inbound::Accepted& out
) {
    universal::Event event;
    event.set_type("status");
    event.mutable_conversation()->set_id(command.conversation());
    event.mutable_conversation()->set_kind(status.kind);
    event.set_command(command.id());
    event.set_state(status.state);
    for (const std::string& id : status.messages) {
        event.add_messages(id);
        out.batch.put.push_back(
            {store::Table::sent,
             account.id.text() + '\0' + command.conversation() + '\0' + id,
             command.id(),
             ground.clock.wall_ms() + kSentRowLives}
        );
    }
    for (const universal::Change& change : status.changes)
        *event.add_changes() = change;
    if (status.state == "failed" || status.state == "unknown") {
        event.mutable_error()->set_code(status.code);
        event.mutable_error()->set_message(status.text);
        event.mutable_error()->set_permanent(true);
    }
    if (status.until_ms > 0) event.set_until(status.until_ms);
    // A command ends once: whatever runs twice around a crash, its portal hears of each state a
    // single time. One that was requeued has a new place in the lane, and ends once more.
    std::string dedup = "status\x1f" + account.id.text() + '\x1f' + command.id() + '\x1f' +
                        std::to_string(status.sequence) + '\x1f' + status.state;
    const std::size_t before = out.batch.append.size();
    inbound::append_event(ground, account, event, std::move(dedup), {}, out);
    if (out.batch.append.size() > before)  // else its lane is in memory
        out.batch.append.back().dedup_until_ms = ground.clock.wall_ms() + kToldOnceFor;
    if (status.state == "sent") ++account.figures.sent;
    if (status.state == "failed") ++account.figures.failed;
    if (status.state == "unknown") ++account.figures.unknown;
}

}  // namespace trunkline::outbound
