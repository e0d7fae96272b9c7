#include "plugins/telegram/simulator/checks.hpp"

#include <algorithm>
#include <array>

#include <trunkline/simulator/url.hpp>

namespace trunkline::telegram::simulator {
namespace {

constexpr std::array<std::string_view, 21> kEntityTypes{
    "mention",   "hashtag",       "cashtag",          "bot_command", "url",
    "email",     "phone_number",  "bank_card_number", "bold",        "italic",
    "underline", "strikethrough", "spoiler",          "code",        "pre",
    "text_link", "text_mention",  "custom_emoji",     "blockquote",  "expandable_blockquote",
    "date_time",
};
constexpr std::size_t kEntitiesKept = 100;
constexpr std::size_t kButtonsMax = 100;
constexpr std::size_t kKeysMax = 300;
constexpr std::size_t kHintMax = 64;

std::optional<Refusal> check_entity(const json::value& entity, std::string_view text) {
    const auto* object = entity.if_object();
    const auto* type = object != nullptr ? object->if_contains("type") : nullptr;
    const auto* offset = object != nullptr ? object->if_contains("offset") : nullptr;
    const auto* length = object != nullptr ? object->if_contains("length") : nullptr;
    if (type == nullptr || !type->is_string())
        return bad_request("can't parse MessageEntity: Can't find field \"type\"");
    if (offset == nullptr || !offset->is_int64() || length == nullptr || !length->is_int64())
        return bad_request("can't parse MessageEntity: Field \"offset\" must be of type Number");
    if (std::find(kEntityTypes.begin(), kEntityTypes.end(), std::string_view{type->as_string()}) ==
        kEntityTypes.end())
        return bad_request("can't parse MessageEntity: Unsupported type specified");
    const auto size = static_cast<std::int64_t>(utf16_length(text));
    if (offset->as_int64() < 0 || length->as_int64() <= 0 ||
        length->as_int64() > size - offset->as_int64())
        return bad_request("entity beyond the end of the text");
    const auto from = static_cast<std::size_t>(offset->as_int64());
    const auto to = from + static_cast<std::size_t>(length->as_int64());
    if (!is_border(text, from) || !is_border(text, to))
        return bad_request("entity begins or ends in a middle of a UTF-16 symbol");
    if (type->as_string() == "text_link") {
        const auto* url = object->if_contains("url");
        if (url == nullptr || !url->is_string() || !is_web_url(url->as_string()))
            return bad_request("can't parse entities: text_link without a valid URL");
    }
    return std::nullopt;
}

std::optional<Refusal> check_button(const json::value& button) {
    const auto* object = button.if_object();
    const auto* text = object != nullptr ? object->if_contains("text") : nullptr;
    if (text == nullptr || !text->is_string() || text->as_string().empty())
        return bad_request(
            "can't parse inline keyboard button: Text buttons are unallowed in the inline keyboard"
        );
    const auto* data = object->if_contains("callback_data");
    const auto* url = object->if_contains("url");
    if ((data != nullptr) == (url != nullptr))
        return bad_request(
            "can't parse inline keyboard button: Text buttons are unallowed in the inline keyboard"
        );
    if (data != nullptr &&
        (!data->is_string() || data->as_string().empty() || data->as_string().size() > 64))
        return bad_request("BUTTON_DATA_INVALID");
    if (url != nullptr && (!url->is_string() || !is_web_url(url->as_string())))
        return bad_request("BUTTON_URL_INVALID");
    return std::nullopt;
}

}  // namespace

bool is_border(std::string_view text, std::size_t offset) {
    std::size_t units = 0;
    for (const char c : text) {
        const auto byte = static_cast<unsigned char>(c);
        if ((byte & 0xC0U) == 0x80U) continue;
        if (units == offset) return true;
        units += byte >= 0xF0 ? 2 : 1;
    }
    return units == offset;
}

bool is_web_url(std::string_view url) {
    if (url.starts_with("tg://")) return true;
    return kit::parse_url(url).has_value() && url.find('.') != std::string_view::npos;
}

std::optional<Refusal> read_text(
    const Parameters& from,
    std::string_view text_name,
    std::string_view entities_name,
    std::size_t max_units,
    bool may_be_empty,
    FormattedText& out
) {
    out.text = from.text(text_name);
    if (!kit::is_utf8(out.text)) return bad_request("strings must be encoded in UTF-8");
    if (!from.text("parse_mode").empty())
        return bad_request("can't parse entities: unsupported parse_mode");
    const bool blank = std::all_of(out.text.begin(), out.text.end(), [](char c) {
        return c == ' ' || c == '\n' || c == '\t';
    });
    if (blank && !may_be_empty)
        return bad_request(
            text_name == "text" ? "message text is empty"
                                : "there is no caption in the message to edit"
        );
    if (utf16_length(out.text) > max_units)
        return bad_request(
            text_name == "text" ? "message is too long" : "message caption is too long"
        );
    if (!from.has(entities_name)) return std::nullopt;
    const auto entities = from.structure(entities_name);
    if (!entities || !entities->is_array())
        return bad_request("can't parse entities: Can't parse entities JSON object");
    for (const json::value& entity : entities->as_array()) {
        if (auto refusal = check_entity(entity, out.text)) return refusal;
        if (out.entities.size() < kEntitiesKept) out.entities.push_back(entity);
    }
    return std::nullopt;
}

namespace {

std::optional<Refusal> read_inline(const json::value& rows) {
    if (!rows.is_array())
        return bad_request(
            "can't parse inline keyboard: Field \"inline_keyboard\" must be of type Array"
        );
    std::size_t count = 0;
    for (const json::value& row : rows.as_array()) {
        if (!row.is_array())
            return bad_request(
                "can't parse inline keyboard: Field \"inline_keyboard\" must be an Array of Arrays"
            );
        for (const json::value& button : row.as_array()) {
            if (auto refusal = check_button(button)) return refusal;
            ++count;
        }
    }
    if (count > kButtonsMax) return bad_request("reply markup is too long");
    return std::nullopt;
}

/// A key is its text, or {"text"} with what pressing it sends.
std::optional<Refusal> check_key(const json::value& key) {
    if (key.is_string() && !key.as_string().empty()) return std::nullopt;
    const auto* object = key.if_object();
    const auto* text = object != nullptr ? object->if_contains("text") : nullptr;
    if (text == nullptr || !text->is_string() || text->as_string().empty())
        return bad_request("can't parse keyboard button: Can't find field \"text\"");
    int asks = 0;
    for (const char* kind : {"request_contact", "request_location"}) {
        const auto* flag = object->if_contains(kind);
        if (flag == nullptr) continue;
        if (!flag->is_bool())
            return bad_request(
                "can't parse keyboard button: Field \"" + std::string{kind} +
                "\" must be of type Boolean"
            );
        asks += flag->as_bool() ? 1 : 0;
    }
    if (asks > 1) return bad_request("can't parse keyboard button: only one kind of request");
    return std::nullopt;
}

std::optional<Refusal> read_reply_keyboard(const json::value& rows) {
    if (!rows.is_array())
        return bad_request("can't parse reply keyboard: Field \"keyboard\" must be of type Array");
    std::size_t count = 0;
    for (const json::value& row : rows.as_array()) {
        if (!row.is_array())
            return bad_request(
                "can't parse reply keyboard: Field \"keyboard\" must be an Array of Arrays"
            );
        for (const json::value& key : row.as_array()) {
            if (auto refusal = check_key(key)) return refusal;
            ++count;
        }
    }
    if (count > kKeysMax) return bad_request("reply markup is too long");
    return std::nullopt;
}

}  // namespace

std::optional<Refusal> check_requests(const Markup& markup, const Chat& chat) {
    if (!markup.reply || !chat.is_group()) return std::nullopt;
    const json::value reply = *markup.reply;
    for (const json::value& row : list_at(reply, "keyboard")) {
        for (const json::value& key : row.as_array()) {
            if (flag_at(key, "request_contact"))
                return bad_request("phone number can be requested in private chats only");
            if (flag_at(key, "request_location"))
                return bad_request("location can be requested in private chats only");
        }
    }
    return std::nullopt;
}

std::optional<Refusal> read_markup(const Parameters& from, Markup& out) {
    if (!from.has("reply_markup")) return std::nullopt;
    const auto markup = from.structure("reply_markup");
    if (!markup || !markup->is_object()) return bad_request("object expected as reply markup");
    const json::object& object = markup->as_object();
    if (const auto* rows = object.if_contains("inline_keyboard")) {
        if (auto refusal = read_inline(*rows)) return refusal;
        out.inline_keyboard = json::object{{"inline_keyboard", *rows}};
        return std::nullopt;
    }
    if (const auto* rows = object.if_contains("keyboard")) {
        if (auto refusal = read_reply_keyboard(*rows)) return refusal;
        if (const auto* hint = object.if_contains("input_field_placeholder")) {
            if (!hint->is_string() || utf16_length(hint->as_string()) > kHintMax)
                return bad_request("can't parse reply keyboard: input field placeholder is too long"
                );
        }
        out.reply = object;
        return std::nullopt;
    }
    for (const char* kind : {"remove_keyboard", "force_reply"}) {
        const auto* flag = object.if_contains(kind);
        if (flag == nullptr) continue;
        if (*flag != true)
            return bad_request("can't parse reply markup: \"" + std::string{kind} + "\" is true");
        out.reply = object;
        return std::nullopt;
    }
    return bad_request("object expected as reply markup");
}

}  // namespace trunkline::telegram::simulator
