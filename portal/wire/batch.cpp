#include "portal/wire/batch.hpp"

#include "portal/fields.hpp"

namespace trunkline::portal::wire {

namespace {

constexpr std::size_t kIdBytesMax = 200;

Result<store::ReceivedEvent> parse_event(json::value& value, std::size_t index) {
    const auto wrong = [index](const char* what) {
        return Error{Fault::malformed, "event " + std::to_string(index) + ": " + what};
    };
    if (!value.is_object()) return wrong("an object was expected");
    store::ReceivedEvent event;
    event.body = std::move(value.get_object());
    event.id = text_of(event.body, "id");
    event.sequence = number_of(event.body, "sequence");
    event.type = text_of(event.body, "type");
    if (event.id.empty() || event.id.size() > kIdBytesMax)
        return wrong("id is missing or too long");
    if (event.sequence < 1) return wrong("sequence is missing or below 1");
    if (event.type.empty() || event.type.size() > kIdBytesMax)
        return wrong("type is missing or too long");
    return event;
}

}  // namespace

Result<Batch> parse_batch(std::string_view plain) {
    auto parsed = parse_object(plain);
    if (!parsed) return parsed.error();
    Batch batch;
    batch.portal = text_of(*parsed, "portal");
    batch.content.lane = text_of(*parsed, "lane");
    batch.content.epoch = number_of(*parsed, "epoch", -1);
    batch.backlog = object_of(*parsed, "backlog");
    if (batch.content.lane.empty() || batch.content.lane.size() > kIdBytesMax) {
        return Error{Fault::malformed, "lane is missing or too long"};
    }
    if (batch.content.epoch < 0) return Error{Fault::malformed, "epoch is missing"};
    auto* events = parsed->if_contains("events");
    if (events == nullptr || !events->is_array())
        return Error{Fault::malformed, "events: a list was expected"};
    if (events->get_array().size() > kEventsPerBatchMax)
        return Error{Fault::malformed, "too many events"};
    std::size_t index = 0;
    for (auto& value : events->get_array()) {
        auto event = parse_event(value, index++);
        if (!event) return event.error();
        batch.content.events.push_back(*std::move(event));
    }
    return batch;
}

}  // namespace trunkline::portal::wire
