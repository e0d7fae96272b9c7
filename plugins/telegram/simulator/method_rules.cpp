#include "plugins/telegram/simulator/method_rules.hpp"

#include <utility>

namespace trunkline::telegram::simulator {
namespace {

using kit::Rule;
using kit::Rules;
using kit::Type;

constexpr std::int64_t kTextMax = 4096;
constexpr std::int64_t kCaptionMax = 1024;
constexpr bool kRequired = true;

Rule plain(std::string_view name, Type type, bool required = false) {
    Rule rule;
    rule.name = name;
    rule.type = type;
    rule.required = required;
    return rule;
}
Rule bounded(
    std::string_view name, Type type, std::int64_t min, std::int64_t max, bool required = false
) {
    Rule rule = plain(name, type, required);
    rule.min = min;
    rule.max = max;
    return rule;
}
Rule made_of(Rule rule, const Rules& inside) {
    rule.inside = &inside;
    return rule;
}
Rule one_of(Rule rule, std::string_view values) {
    rule.values = values;
    return rule;
}
Rules joined(Rules first, const Rules& second) {
    first.insert(first.end(), second.begin(), second.end());
    return first;
}

const Rules& reply_rules() {
    static const Rules rules{
        plain("message_id", Type::integer, kRequired),
        plain("chat_id", Type::name),
        plain("allow_sending_without_reply", Type::boolean),
        bounded("quote", Type::text, 1, kCaptionMax),
        plain("quote_entities", Type::list),
        plain("quote_parse_mode", Type::text),
        plain("quote_position", Type::integer),
    };
    return rules;
}

/// What every method that sends takes.
Rules sending(const Rules& own) {
    const Rules common{
        plain("chat_id", Type::name, kRequired),
        plain("business_connection_id", Type::text),
        plain("message_thread_id", Type::integer),
        plain("disable_notification", Type::boolean),
        plain("protect_content", Type::boolean),
        plain("allow_paid_broadcast", Type::boolean),
        plain("message_effect_id", Type::text),
        made_of(plain("reply_parameters", Type::object), reply_rules()),
        plain("reply_to_message_id", Type::integer),
        plain("allow_sending_without_reply", Type::boolean),
    };
    return joined(common, own);
}

const Rules& caption_rules() {
    static const Rules rules{
        bounded("caption", Type::text, 0, kCaptionMax),
        plain("caption_entities", Type::list),
        plain("parse_mode", Type::text),
        plain("show_caption_above_media", Type::boolean),
        plain("has_spoiler", Type::boolean),
        plain("reply_markup", Type::object),
    };
    return rules;
}

Rules media(std::string_view kind, const Rules& more = {}) {
    return sending(joined(joined({plain(kind, Type::file, kRequired)}, more), caption_rules()));
}

const Rules& reaction_rules() {
    static const Rules rules{
        one_of(plain("type", Type::text, kRequired), "emoji|custom_emoji|paid"),
        plain("emoji", Type::text),
        plain("custom_emoji_id", Type::text),
    };
    return rules;
}

Rules to_message(const Rules& own) {
    return joined(
        {plain("chat_id", Type::name, kRequired),
         plain("business_connection_id", Type::text),
         plain("message_id", Type::integer, kRequired)},
        own
    );
}

Rules to_user(const Rules& own) {
    return joined({plain("user_id", Type::integer, kRequired)}, own);
}

const Rules& place_rules() {
    static const Rules rules{
        plain("latitude", Type::number, kRequired),
        plain("longitude", Type::number, kRequired),
        plain("horizontal_accuracy", Type::number),
        plain("live_period", Type::integer),
        plain("heading", Type::integer),
        plain("proximity_alert_radius", Type::integer),
        plain("reply_markup", Type::object),
    };
    return rules;
}

const Rules& dimensions() {
    static const Rules rules{
        plain("duration", Type::integer),
        plain("width", Type::integer),
        plain("height", Type::integer),
        plain("thumbnail", Type::file),
        plain("supports_streaming", Type::boolean),
    };
    return rules;
}

Rules text_rules() {
    return {
        bounded("text", Type::text, 0, kTextMax, kRequired),
        plain("entities", Type::list),
        plain("parse_mode", Type::text),
        plain("link_preview_options", Type::object),
        plain("disable_web_page_preview", Type::boolean),
        plain("reply_markup", Type::object),
    };
}

void add_sending(kit::RuleBook& book) {
    book["sendmessage"] = sending(text_rules());
    book["sendphoto"] = media("photo");
    book["senddocument"] = media(
        "document",
        {plain("thumbnail", Type::file), plain("disable_content_type_detection", Type::boolean)}
    );
    book["sendvideo"] = media("video", dimensions());
    book["sendanimation"] = media("animation", dimensions());
    book["sendvoice"] = media("voice", {plain("duration", Type::integer)});
    book["sendaudio"] = media(
        "audio",
        {plain("duration", Type::integer),
         plain("performer", Type::text),
         plain("title", Type::text),
         plain("thumbnail", Type::file)}
    );
    book["sendvideonote"] = sending(
        {plain("video_note", Type::file, kRequired),
         plain("duration", Type::integer),
         bounded("length", Type::integer, 0, 640),
         plain("thumbnail", Type::file),
         plain("reply_markup", Type::object)}
    );
    book["sendsticker"] = sending(
        {plain("sticker", Type::file, kRequired),
         plain("emoji", Type::text),
         plain("reply_markup", Type::object)}
    );
    book["sendlocation"] = sending(place_rules());
    book["sendvenue"] = sending(joined(
        {bounded("title", Type::text, 1, 0, kRequired),
         bounded("address", Type::text, 1, 0, kRequired),
         plain("foursquare_id", Type::text),
         plain("google_place_id", Type::text)},
        place_rules()
    ));
    book["sendcontact"] = sending(
        {bounded("phone_number", Type::text, 1, 0, kRequired),
         bounded("first_name", Type::text, 1, 0, kRequired),
         plain("last_name", Type::text),
         bounded("vcard", Type::text, 0, 2048),
         plain("reply_markup", Type::object)}
    );
    book["sendmediagroup"] =
        sending({made_of(bounded("media", Type::list, 2, 10, kRequired), media_rules())});
    book["sendchataction"] = {
        plain("chat_id", Type::name, kRequired),
        plain("business_connection_id", Type::text),
        plain("message_thread_id", Type::integer),
        one_of(
            plain("action", Type::text, kRequired),
            "typing|upload_photo|record_video|upload_video|record_voice|upload_voice|"
            "upload_document|choose_sticker|find_location|record_video_note|upload_video_note"
        )};
}

void add_copying(kit::RuleBook& book) {
    const Rules from{plain("from_chat_id", Type::name, kRequired)};
    const Rule one = plain("message_id", Type::integer, kRequired);
    const Rule several = bounded("message_ids", Type::list, 1, 100, kRequired);
    book["forwardmessage"] = sending(joined({one}, from));
    book["forwardmessages"] = sending(joined({several}, from));
    book["copymessage"] = sending(joined(joined({one}, from), caption_rules()));
    book["copymessages"] = sending(joined({several, plain("remove_caption", Type::boolean)}, from));
}

void add_changing(kit::RuleBook& book) {
    book["editmessagetext"] = to_message(text_rules());
    book["editmessagecaption"] = to_message(caption_rules());
    book["editmessagereplymarkup"] = to_message({plain("reply_markup", Type::object)});
    book["editmessagemedia"] = to_message(
        {made_of(plain("media", Type::object, kRequired), media_rules()),
         plain("reply_markup", Type::object)}
    );
    book["deletemessage"] = to_message({});
    book["deletemessages"] = {
        plain("chat_id", Type::name, kRequired),
        bounded("message_ids", Type::list, 1, 100, kRequired)};
    book["setmessagereaction"] = to_message(
        {made_of(bounded("reaction", Type::list, 0, 1), reaction_rules()),
         plain("is_big", Type::boolean)}
    );
    book["answercallbackquery"] = {
        plain("callback_query_id", Type::text, kRequired),
        bounded("text", Type::text, 0, 200),
        plain("show_alert", Type::boolean),
        plain("url", Type::text),
        plain("cache_time", Type::integer)};
}

void add_business(kit::RuleBook& book) {
    const Rule connection = bounded("business_connection_id", Type::text, 1, 0, kRequired);
    book["getbusinessconnection"] = {connection};
    book["readbusinessmessage"] = {
        connection,
        plain("chat_id", Type::integer, kRequired),
        plain("message_id", Type::integer, kRequired)};
    book["deletebusinessmessages"] = {
        connection, bounded("message_ids", Type::list, 1, 100, kRequired)};
}

void add_asking(kit::RuleBook& book) {
    const Rules chat{plain("chat_id", Type::name, kRequired)};
    book["getme"] = {};
    book["getfile"] = {plain("file_id", Type::text, kRequired)};
    book["getchat"] = chat;
    book["getchatmembercount"] = chat;
    book["getchatadministrators"] = chat;
    book["leavechat"] = chat;
    book["getchatmember"] = to_user(chat);
    book["getuserprofilephotos"] =
        to_user({bounded("offset", Type::integer, 0, 0), bounded("limit", Type::integer, 1, 100)});
    book["getwebhookinfo"] = {};
    book["deletewebhook"] = {plain("drop_pending_updates", Type::boolean)};
    book["setwebhook"] = {
        plain("url", Type::text),
        plain("certificate", Type::file),
        plain("ip_address", Type::text),
        plain("max_connections", Type::integer),
        plain("allowed_updates", Type::list),
        plain("drop_pending_updates", Type::boolean),
        bounded("secret_token", Type::text, 0, 256)};
    book["getupdates"] = {
        plain("offset", Type::integer),
        plain("limit", Type::integer),
        plain("timeout", Type::integer),
        plain("allowed_updates", Type::list)};
}

}  // namespace

const kit::Rules& media_rules() {
    static const Rules rules = joined(
        {one_of(plain("type", Type::text, kRequired), "photo|video|document|audio|animation"),
         bounded("media", Type::text, 1, 0, kRequired),
         plain("performer", Type::text),
         plain("title", Type::text),
         plain("disable_content_type_detection", Type::boolean)},
        joined(dimensions(), caption_rules())
    );
    return rules;
}

const kit::RuleBook& method_rules() {
    static const kit::RuleBook book = [] {
        kit::RuleBook out;
        add_sending(out);
        add_copying(out);
        add_changing(out);
        add_business(out);
        add_asking(out);
        return out;
    }();
    return book;
}

}  // namespace trunkline::telegram::simulator
