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

// One bit of 64 for a name. Names of one object differ in their length, or by how they begin or
// end.
std::uint64_t trait(std::string_view name) {
    if (name.empty()) return 1;
    const auto first = static_cast<unsigned char>(name.front());
    const auto last = static_cast<unsigned char>(name.back());
    return std::uint64_t{1} << ((name.size() * 7 + first * 5U + last) % 64);
}

}  // namespace

void Reading::fail(std::string_view what, std::string_view code) {
    if (!problem_.empty()) return;
    if (at_ != nullptr) at_->append_to(problem_);
    if (problem_.size() > kPathBytesMax) problem_.resize(kPathBytesMax);
    if (!problem_.empty()) problem_ += ": ";
    problem_ += what;
    code_ = code;
}

void Reading::Step::append_to(std::string& path) const {
    if (outer_ != nullptr) outer_->append_to(path);
    if (index_ != kMember) {
        path += '[' + std::to_string(index_) + ']';
        return;
    }
    if (!path.empty()) path += '.';
    path += member_;
}

Members::Members(Reading& reading, const json::value& value)
    : reading_{reading}, object_{value.if_object()} {
    if (object_ == nullptr) {
        reading_.fail("expected an object");
        return;
    }
    for (const auto& member : *object_)
        traits_ |= trait(view(member.key()));
}

const json::value* Members::find(std::string_view name) const {
    if (object_ == nullptr || !reading_.good() || (traits_ & trait(name)) == 0) return nullptr;
    constexpr std::size_t kFew = 18;  // with more of them the object has an index
    if (object_->size() > kFew) return object_->if_contains({name.data(), name.size()});
    for (const auto& member : *object_) {
        if (view(member.key()) == name) return &member.value();
    }
    return nullptr;
}

const json::value* Members::take(std::string_view name) {
    const auto* value = find(name);
    if (value == nullptr) return nullptr;
    taken_.push_back(name);
    return value->is_null() ? nullptr : value;
}

std::string Members::text(std::string_view name, std::size_t bytes_max) {
    const auto* value = take(name);
    return value == nullptr ? std::string{} : text_of(*value, name, bytes_max);
}

std::string Members::text_of(
    const json::value& value, std::string_view name, std::size_t bytes_max
) {
    const auto* text = value.if_string();
    if (text != nullptr && text->size() <= bytes_max) return std::string{view(*text)};
    const Reading::Step step{reading_, name};
    if (text == nullptr)
        reading_.fail("expected a string");
    else
        reading_.too_large("at most " + std::to_string(bytes_max) + " bytes");
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
    const auto* value = take(name);
    if (value == nullptr) return {};
    if (value->is_int64()) return std::to_string(value->get_int64());
    if (value->is_uint64()) return std::to_string(value->get_uint64());
    return text_of(*value, name, bytes_max);
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
