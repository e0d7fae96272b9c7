#include "spans.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <string>
#include <utility>

#include <trunkline/text.hpp>

#include "json_read.hpp"

namespace trunkline::telegram {

namespace {

constexpr std::size_t kEntitiesMax = 100;
constexpr std::size_t kSpansMax = 1000;  // a hostile list must not cost more than its text

using Names = std::pair<std::string_view, std::string_view>;

// Telegram's name, universal name. The first match wins in both directions.
constexpr std::array<Names, 12> kTypes{{
    {"bold", "bold"},
    {"italic", "italic"},
    {"underline", "underline"},
    {"strikethrough", "strike"},
    {"code", "code"},
    {"pre", "pre"},
    {"blockquote", "quote"},
    {"expandable_blockquote", "quote"},
    {"spoiler", "spoiler"},
    {"text_link", "link"},
    {"text_mention", "mention"},
    {"mention", "mention"},
}};

std::string address_in_text(std::string_view type, std::string_view written) {
    if (type == "email") return "mailto:" + std::string{written};
    if (written.find("://") != std::string_view::npos) return std::string{written};
    return "https://" + std::string{written};
}

/// No address has a blank in it; an entity that says so lies about its text.
bool addressable(std::string_view url) {
    return std::none_of(url.begin(), url.end(), [](char c) {
        return static_cast<unsigned char>(c) <= ' ' || c == 0x7F;
    });
}

/// Completes `span` from the entity's own fields; false when the entity is not worth a span.
bool describe(json::object& span, const json::object& entity, std::string_view written) {
    const auto type = text_at(entity, "type");
    if (type == "url" || type == "email") {
        span["type"] = "link";
        span["url"] = address_in_text(type, written);
        return true;
    }
    const auto* found = std::find_if(kTypes.begin(), kTypes.end(), [type](const Names& names) {
        return names.first == type;
    });
    if (found == kTypes.end()) return false;
    span["type"] = found->second;
    if (type == "text_link") set_text(span, "url", text_at(entity, "url"));
    if (type == "pre") set_text(span, "language", text_at(entity, "language"));
    if (type == "mention" && written.starts_with('@'))
        span["url"] = "https://t.me/" + std::string{written.substr(1)};
    if (type == "text_mention") {
        const auto* user = object_at(entity, "user");
        const auto id = user == nullptr ? std::nullopt : integer_at(*user, "id");
        if (id) span["user"] = std::to_string(*id);
    }
    return true;
}

bool entity_details(json::object& entity, const json::object& span, std::string_view type) {
    if (type == "link") {
        const auto url = text_at(span, "url");
        if (url.empty()) return false;
        entity["url"] = url;
    }
    if (type == "pre") set_text(entity, "language", text_at(span, "language"));
    if (type == "mention") {
        const auto user = text_at(span, "user");
        std::int64_t id = 0;
        const auto [end, error] = std::from_chars(user.data(), user.data() + user.size(), id);
        // "@name" in the text mentions by itself; without an id there is nothing to add.
        if (error != std::errc{} || end != user.data() + user.size()) return false;
        entity["user"] = json::object{{"id", id}};
    }
    return true;
}

}  // namespace

json::array spans_from_entities(std::string_view text, const json::array& entities) {
    json::array spans(entities.storage());
    if (entities.empty()) return spans;
    const TextOffsets offsets{text};
    for (const auto& value : entities) {
        if (spans.size() == kSpansMax) break;
        const auto* entity = value.if_object();
        if (entity == nullptr) continue;
        const auto offset = integer_at(*entity, "offset").value_or(-1);
        const auto length = integer_at(*entity, "length").value_or(0);
        if (offset < 0 || length <= 0) continue;
        const auto first = static_cast<std::size_t>(offset);
        const auto units = offsets.utf16_of_code_point(offsets.code_points());
        if (first >= units) continue;
        const auto from = offsets.code_point_of_utf16(first);
        // The end rounds up, so that half an emoji is a whole one.
        const auto end = offsets.code_point_of_utf16(
                             std::min(first + static_cast<std::size_t>(length), units) - 1
                         ) +
                         1;
        const auto from_byte = offsets.byte_of_code_point(from);
        const auto written = text.substr(from_byte, offsets.byte_of_code_point(end) - from_byte);
        json::object span(entities.storage());
        if (!describe(span, *entity, written) || !addressable(text_at(span, "url"))) continue;
        span["offset"] = from;
        span["length"] = end - from;
        spans.push_back(std::move(span));
    }
    return spans;
}

json::array entities_from_spans(std::string_view text, const json::array& spans) {
    json::array entities;
    if (spans.empty()) return entities;
    const TextOffsets offsets{text};
    for (const auto& value : spans) {
        if (entities.size() == kEntitiesMax) break;
        const auto* span = value.if_object();
        if (span == nullptr) continue;
        const auto offset = integer_at(*span, "offset").value_or(-1);
        const auto length = integer_at(*span, "length").value_or(0);
        if (offset < 0 || length <= 0) continue;
        const auto first = static_cast<std::size_t>(offset);
        if (first >= offsets.code_points()) continue;
        const auto end = std::min(first + static_cast<std::size_t>(length), offsets.code_points());
        const auto type = text_at(*span, "type");
        const auto* found = std::find_if(kTypes.begin(), kTypes.end(), [type](const Names& names) {
            return names.second == type;
        });
        if (found == kTypes.end()) continue;
        json::object entity{{"type", found->first}};
        if (!entity_details(entity, *span, type)) continue;
        entity["offset"] = offsets.utf16_of_code_point(first);
        entity["length"] = offsets.utf16_of_code_point(end) - offsets.utf16_of_code_point(first);
        entities.push_back(std::move(entity));
    }
    return entities;
}

}  // namespace trunkline::telegram
