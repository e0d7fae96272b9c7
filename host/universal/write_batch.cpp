#include "host/universal/json.hpp"
#include "host/universal/json_text.hpp"

namespace trunkline::universal {
namespace {

constexpr std::size_t kTypicalEventBytes = 1024;

void strip(Sender& sender) {
    sender.clear_avatar_ref();
}

}  // namespace

std::string write_batch_json(const BatchHead& head, std::span<const Event* const> events) {
    std::string out;
    out.reserve(256 + events.size() * kTypicalEventBytes);
    ObjectText object{out};
    object.text("portal", head.portal);
    object.text("lane", head.lane);
    object.number("epoch", head.epoch);
    append_json_list(events, object.key("events"), [&](const Event* event) {
        write_json(*event, out);
    });
    if (head.backlog != nullptr) {
        ObjectText backlog{object.key("backlog")};
        backlog.number("count", head.backlog->count());
        backlog.number("conversations", head.backlog->conversations());
        if (head.backlog->has_oldest()) backlog.time("oldest", head.backlog->oldest());
        backlog.number("through", head.backlog->through());
        backlog.end();
    }
    object.end();
    return out;
}

std::string write_batch_protobuf(const BatchHead& head, std::span<const Event* const> events) {
    Batch batch;
    batch.set_portal(std::string{head.portal});
    batch.set_lane(std::string{head.lane});
    batch.set_epoch(head.epoch);
    for (const Event* event : events) {
        Event& copy = *batch.add_events();
        copy = *event;
        strip_internal(copy);
    }
    if (head.backlog != nullptr) *batch.mutable_backlog() = *head.backlog;
    return batch.SerializeAsString();
}

void strip_internal(Event& event) {
    if (event.has_sender()) strip(*event.mutable_sender());
    if (event.has_who()) strip(*event.mutable_who());
    if (!event.has_message()) return;
    for (Attachment& attachment : *event.mutable_message()->mutable_attachments()) {
        attachment.clear_ref();
        attachment.clear_file();
        attachment.clear_public_url();
    }
}

}  // namespace trunkline::universal
