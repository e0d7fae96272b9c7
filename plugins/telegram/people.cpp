#include "people.hpp"

#include <charconv>
#include <chrono>

#include "json_read.hpp"

namespace trunkline::telegram {

namespace {

constexpr std::int64_t kSecondsMax = 253402300799;  // end of the year 9999
constexpr std::size_t kBusinessIdMax = 128;
constexpr std::size_t kMembersUsual = 4;

std::optional<std::int64_t> number(std::string_view text) {
    std::int64_t value = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (text.empty() || error != std::errc{} || end != text.data() + text.size())
        return std::nullopt;
    return value;
}

/// Writes `value` in digits that end before `end`; the zeros in front of it stay.
void put_digits(std::string& text, std::size_t end, unsigned value) {
    for (; value > 0; value /= 10)
        text[--end] = static_cast<char>('0' + value % 10);
}

}  // namespace

std::string conversation_id(const Place& place) {
    const auto chat = std::to_string(place.chat);
    return place.business.empty() ? chat : place.business + ":" + chat;
}

std::string note_of(const Place& place) {
    json::object note;
    set_text(note, "type", place.type);
    if (place.topic != 0) note["topic"] = place.topic;
    return json::serialize(note);
}

std::optional<Place> place_of(std::string_view conversation, std::string_view note) {
    Place place;
    const auto colon = conversation.rfind(':');
    if (colon != std::string_view::npos) {
        place.business = conversation.substr(0, colon);
        if (place.business.empty()) return std::nullopt;
        conversation.remove_prefix(colon + 1);
    }
    const auto chat = number(conversation);
    if (!chat || *chat == 0) return std::nullopt;
    place.chat = *chat;
    const auto kept = parse(note);
    if (kept && kept->is_object()) {
        place.type = text_at(kept->get_object(), "type");
        place.topic = integer_at(kept->get_object(), "topic").value_or(0);
    }
    return place;
}

std::optional<Place> place_of_chat(const json::object& chat, std::string_view business) {
    const auto id = integer_at(chat, "id");
    if (!id || *id == 0 || business.size() > kBusinessIdMax) return std::nullopt;
    Place place;
    place.chat = *id;
    place.business = business;
    const auto type = text_at(chat, "type");
    for (const std::string_view known : {"private", "group", "supergroup", "channel"}) {
        if (type == known) place.type = known;
    }
    return place;
}

json::object conversation_of(const Place& place, const json::object& chat) {
    // A private chat's id is the user's, which is positive; every other kind is negative. Emulators
    // leave `type` out.
    const bool direct = place.type == "private" || (place.type.empty() && place.chat >= 0);
    json::object conversation(kMembersUsual, chat.storage());
    conversation["id"] = conversation_id(place);
    conversation["kind"] = direct ? "direct" : "group";
    if (!direct) set_text(conversation, "title", text_at(chat, "title"));
    const auto username = text_at(chat, "username");
    if (!username.empty()) conversation["url"] = "https://t.me/" + std::string{username};
    if (place.topic != 0) conversation["thread"] = std::to_string(place.topic);
    return conversation;
}

std::string full_name(const json::object& from) {
    std::string name{text_at(from, "first_name")};
    const auto last = text_at(from, "last_name");
    if (!name.empty() && !last.empty()) name += ' ';
    name += last;
    if (name.empty()) name = text_at(from, "title");
    if (name.empty()) name = text_at(from, "username");  // a deleted account's first name is empty
    return name;
}

json::object person(const json::object& user) {
    json::object sender(kMembersUsual, user.storage());
    sender["id"] = std::to_string(integer_at(user, "id").value_or(0));
    set_text(sender, "name", full_name(user));
    set_text(sender, "username", text_at(user, "username"));
    set_text(sender, "language", text_at(user, "language_code"));
    if (flag_at(user, "is_bot")) sender["bot"] = true;
    return sender;
}

std::optional<json::object> sender_of(const json::object& message) {
    for (const auto* key : {"sender_chat", "from"}) {
        const auto* who = object_at(message, key);
        if (who != nullptr && integer_at(*who, "id")) return person(*who);
    }
    return std::nullopt;
}

std::string time_text(std::optional<std::int64_t> seconds) {
    if (!seconds || *seconds <= 0) return {};
    auto value = *seconds;
    if (value > kSecondsMax) value /= 1000;  // an emulator that counts milliseconds
    if (value > kSecondsMax) return {};
    const std::chrono::sys_seconds moment{std::chrono::seconds{value}};
    const auto day = std::chrono::floor<std::chrono::days>(moment);
    const std::chrono::year_month_day date{day};
    const std::chrono::hh_mm_ss time{moment - day};
    std::string text = "0000-00-00T00:00:00.000Z";
    put_digits(text, 4, static_cast<unsigned>(static_cast<int>(date.year())));
    put_digits(text, 7, static_cast<unsigned>(date.month()));
    put_digits(text, 10, static_cast<unsigned>(date.day()));
    put_digits(text, 13, static_cast<unsigned>(time.hours().count()));
    put_digits(text, 16, static_cast<unsigned>(time.minutes().count()));
    put_digits(text, 19, static_cast<unsigned>(time.seconds().count()));
    return text;
}

}  // namespace trunkline::telegram
