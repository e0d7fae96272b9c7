#include "host/universal/reader.hpp"

#include <algorithm>
#include <cmath>

#include "host/base/clock.hpp"
#include "host/universal/json.hpp"
#include "host/universal/json_text.hpp"
#include "host/universal/unicode.hpp"

namespace trunkline::universal {

namespace json = boost::json;

namespace {

constexpr std::size_t kPathBytesMax =
    200;  // a problem names where, it does not repeat the document

std::string_view view(const json::string& text) {
    return {text.data(), text.size()};
}
std::string_view view(json::string_view text) {
    return {text.data(), text.size()};
}

// A path is shown to people and logged: a hostile name must not bring anything but a name.
bool is_name(std::string_view name) {
    return name.size() <= 64 && std::all_of(name.begin(), name.end(), [](char c) {
               return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                      c == '_' || c == '-';
           });
}

}  // namespace

void Reading::fail(std::string_view what, std::string_view code) {
    if (!problem_.empty()) return;
    problem_ = path_.substr(0, kPathBytesMax);
    if (!problem_.empty()) problem_ += ": ";
    problem_ += what;
    code_ = code;
}

Reading::Step::Step(Reading& reading, std::string_view member)
    : reading_{reading}, before_{reading.path_.size()} {
    if (!reading.path_.empty()) reading.path_ += '.';
    reading.path_ += member;
}

Reading::Step::Step(Reading& reading, std::size_t index)
    : reading_{reading}, before_{reading.path_.size()} {
    reading.path_ += '[';
    reading.path_ += std::to_string(index);
    reading.path_ += ']';
}

Members::Members(Reading& reading, const json::value& value)
    : reading_{reading}, object_{value.if_object()} {
    if (object_ == nullptr)
        reading_.fail("expected an object");
    else
        taken_.reserve(std::min<std::size_t>(object_->size(), 48)
        );  // no object of ours has more members
}

const json::value* Members::take(std::string_view name) {
    if (object_ == nullptr || !reading_.good()) return nullptr;
    const auto* value = object_->if_contains({name.data(), name.size()});
    if (value == nullptr) return nullptr;
    taken_.push_back(name);
    return value->is_null() ? nullptr : value;
}

std::string Members::text(std::string_view name, std::size_t bytes_max) {
    const auto* value = take(name);
    if (value == nullptr) return {};
    const Reading::Step step{reading_, name};
    const auto* text = value->if_string();
    if (text == nullptr)
        reading_.fail("expected a string");
    else if (text->size() > bytes_max)
        reading_.too_large("at most " + std::to_string(bytes_max) + " bytes");
    else
        return std::string{view(*text)};
    return {};
}

std::optional<std::string> Members::optional_text(
    std::string_view name, std::size_t code_points_max
) {
    const auto* value = take(name);
    if (value == nullptr) return std::nullopt;
    const Reading::Step step{reading_, name};
    const auto* text = value->if_string();
    if (text == nullptr) {
        reading_.fail("expected a string");
    } else if (text->size() > code_points_max && count_code_points(view(*text)) > code_points_max) {
        reading_.too_large("at most " + std::to_string(code_points_max) + " characters");
    } else {
        return std::string{view(*text)};
    }
    return std::nullopt;
}

std::string Members::id(std::string_view name, std::size_t bytes_max) {
    if (object_ == nullptr || !reading_.good()) return {};
    const auto* value = object_->if_contains({name.data(), name.size()});
    if (value == nullptr || (!value->is_int64() && !value->is_uint64()))
        return text(name, bytes_max);
    taken_.push_back(name);
    return value->is_int64() ? std::to_string(value->get_int64())
                             : std::to_string(value->get_uint64());
}

std::string Members::url(std::string_view name, std::size_t bytes_max) {
    std::string url = text(name, bytes_max);
    const auto bad = [](char c) { return static_cast<unsigned char>(c) <= ' ' || c == 0x7F; };
    if (std::none_of(url.begin(), url.end(), bad)) return url;
    const Reading::Step step{reading_, name};
    reading_.fail("expected an address without blanks");
    return {};
}

std::optional<std::int64_t> Members::integer(
    std::string_view name, std::int64_t min, std::int64_t max
) {
    const auto* value = take(name);
    if (value == nullptr) return std::nullopt;
    const Reading::Step step{reading_, name};
    if (!value->is_int64())
        reading_.fail("expected a whole number");
    else if (value->get_int64() < min || value->get_int64() > max)
        reading_.fail("number out of range");
    else
        return value->get_int64();
    return std::nullopt;
}

std::uint32_t Members::small(std::string_view name) {
    return static_cast<std::uint32_t>(
        integer(name, 0, std::numeric_limits<std::uint32_t>::max()).value_or(0)
    );
}

std::uint64_t Members::size(std::string_view name) {
    return static_cast<std::uint64_t>(integer(name, 0).value_or(0));
}

std::optional<double> Members::number(std::string_view name, double min, double max) {
    const auto* value = take(name);
    if (value == nullptr) return std::nullopt;
    const Reading::Step step{reading_, name};
    json::error_code failure;
    const double number = value->to_number<double>(failure);
    if (failure || !std::isfinite(number))
        reading_.fail("expected a number");
    else if (number < min || number > max)
        reading_.fail("number out of range");
    else
        return number;
    return std::nullopt;
}

std::optional<bool> Members::flag(std::string_view name) {
    const auto* value = take(name);
    if (value == nullptr) return std::nullopt;
    const Reading::Step step{reading_, name};
    if (const auto* flag = value->if_bool()) return *flag;
    reading_.fail("expected true or false");
    return std::nullopt;
}

std::optional<std::int64_t> Members::time(std::string_view name) {
    const std::string text = this->text(name, 40);
    if (text.empty()) return std::nullopt;
    WallMs ms = 0;
    if (parse_rfc3339(text, ms)) return ms;
    const Reading::Step step{reading_, name};
    reading_.fail("expected a time like 2026-11-22T08:00:00.123Z");
    return std::nullopt;
}

const json::array* Members::list(std::string_view name, std::size_t max) {
    const auto* value = take(name);
    if (value == nullptr) return nullptr;
    const Reading::Step step{reading_, name};
    const auto* list = value->if_array();
    if (list == nullptr)
        reading_.fail("expected a list");
    else if (list->size() > max)
        reading_.too_large("at most " + std::to_string(max) + " elements");
    else
        return list;
    return nullptr;
}

bool Members::known(std::string_view name) const {
    return std::find(taken_.begin(), taken_.end(), name) != taken_.end();
}

std::string Members::rest() const {
    if (object_ == nullptr || object_->size() == taken_.size()) return {};
    std::string left;
    for (const auto& member : *object_) {
        if (known(view(member.key()))) continue;
        left += left.empty() ? '{' : ',';
        append_json_string(view(member.key()), left);
        left += ':';
        append_json_value(member.value(), left);
    }
    return left.empty() ? left : left + '}';
}

void Members::refuse_rest() {
    if (object_ == nullptr || !reading_.good() || object_->size() == taken_.size()) return;
    for (const auto& member : *object_) {
        const std::string_view name = view(member.key());
        if (known(name)) continue;
        const Reading::Step step{reading_, is_name(name) ? name : std::string_view{"?"}};
        return reading_.fail("not a known member");
    }
}

json::value parse_bounded(Reading& reading, std::string_view text, json::storage_ptr storage) {
    if (text.size() > kJsonBytesMax) {
        reading.too_large("at most " + std::to_string(kJsonBytesMax) + " bytes");
        return nullptr;
    }
    json::parse_options options;
    options.max_depth = kJsonDepthMax;
    json::error_code failure;
    json::value value =
        json::parse({text.data(), text.size()}, failure, std::move(storage), options);
    if (!failure) return value;
    if (failure == json::error::too_deep)
        reading.too_large("nested too deeply");
    else
        reading.fail("not JSON: " + failure.message());
    return nullptr;
}

}  // namespace trunkline::universal
