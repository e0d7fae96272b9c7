#include "report.hpp"

#include <algorithm>

#include <trunkline/ext/metrics.h>

#include "json_read.hpp"

namespace trunkline::telegram {

namespace {

// The host refuses items beyond TL_MAX_ITEM, and with one of them everything else of its poll,
// again and again.
constexpr std::size_t kItemBytesMax = TL_MAX_ITEM / 2;
constexpr std::size_t kIdBytesMax = TL_MAX_KEY;
constexpr std::size_t kRawBytesMax = 1ULL << 20U;  // of one item; the host refuses more

std::string raw_of(const json::value& update) {
    auto text = json::serialize(update);
    if (text.size() > kRawBytesMax) text.resize(kRawBytesMax);  // enough to see what it was
    return text;
}

void report_event(Context& context, const Event& event, const json::value* update) {
    auto text = json::serialize(event.json);
    bool keep_raw = event.keep_raw;
    if (text.size() > kItemBytesMax) {
        text = json::serialize(json::object{
            {"type", "unsupported"},
            {"conversation", event.json.at("conversation")},
            {"reason", "too large"}});
        keep_raw = true;
        if (text.size() > kItemBytesMax)
            return;  // even its names are: nothing Telegram could have sent
    }
    Item item;
    item.conversation = event.conversation;
    item.dedup = event.dedup;
    item.json = std::move(text);
    if (keep_raw && update != nullptr) item.raw = raw_of(*update);
    item.note = event.note;
    item.outgoing = event.outgoing;
    context.item(item);
}

/// What shows that Telegram has changed: kinds without a form here, and members nobody here knows.
void count_changes(const Host& host, const Translated& translated) {
    const auto* metrics = host.extension<tl_metrics>(TL_EXT_METRICS);
    if (metrics == nullptr || !TL_HAS(metrics, tl_metrics, count)) return;
    const auto unsupported = static_cast<std::uint64_t>(std::count_if(
        translated.items.begin(),
        translated.items.end(),
        [](const Event& event) { return event.keep_raw; }
    ));
    if (unsupported != 0) metrics->count(metrics->ctx, raw("unsupported"), unsupported);
    if (translated.news != 0) metrics->count(metrics->ctx, raw("unknown_members"), translated.news);
}

}  // namespace

void report(Context& context, const Translated& translated, const json::value* update) {
    count_changes(context.host(), translated);
    for (const auto& alias : translated.aliases)
        context.alias(alias.conversation, alias.former);
    for (const auto& event : translated.items) {
        if (event.conversation.size() <= kIdBytesMax) report_event(context, event, update);
    }
    for (const auto& state : translated.business) {
        // Good news is no health of the account: it may be ailing for another reason.
        if (state.enabled) {
            context.host().log(TL_LOG_INFO, "telegram.business_connected");
            continue;
        }
        context.health(
            "degraded",
            "business_disconnected",
            "The owner disconnected the Telegram business account from the bot: " + state.name
        );
    }
}

void report_unreadable(Context& context, const json::value& update) {
    const auto* object = update.if_object();
    const auto id = object == nullptr ? std::nullopt : integer_at(*object, "update_id");
    Item item;
    // Not the key of what the update's events were reported under, some of which the host may have.
    if (id) item.dedup = std::to_string(*id) + ".unreadable";
    item.json = json::serialize(json::object{
        {"type", "unsupported"},
        {"conversation", {{"kind", "direct"}}},
        {"reason", "the update could not be read"}});
    item.raw = raw_of(update);
    context.item(item);
}

}  // namespace trunkline::telegram
