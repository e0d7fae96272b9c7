#include "host/connect/form.hpp"

#include <algorithm>
#include <array>

#include <boost/json.hpp>

namespace trunkline::connect {
namespace {

namespace json = boost::json;

constexpr std::size_t kValueBytesMax = 16'384;
constexpr std::size_t kFieldsMax = 64;
constexpr std::array<std::string_view, 5> kKinds{"input", "pick", "redirect", "show", "check"};

std::string_view text_at(const json::object& of, std::string_view key) {
    const auto* value = of.if_contains(key);
    return value != nullptr && value->is_string() ? std::string_view{value->get_string()}
                                                  : std::string_view{};
}

bool flag_at(const json::object& of, std::string_view key) {
    const auto* value = of.if_contains(key);
    return value != nullptr && value->is_bool() && value->get_bool();
}

bool is_web_address(std::string_view text) {
    return text.starts_with("https://") || text.starts_with("http://");
}

const json::array* fields_of(const json::object& form) {
    const auto* fields = form.if_contains("fields");
    return fields == nullptr ? nullptr : fields->if_array();
}

const json::object* field_of(const json::object& form, std::string_view key) {
    const auto* fields = fields_of(form);
    if (fields == nullptr) return nullptr;
    for (const json::value& each : *fields) {
        const auto* field = each.if_object();
        if (field != nullptr && text_at(*field, "key") == key) return field;
    }
    return nullptr;
}

bool is_offered(const json::array& options, std::string_view value) {
    return std::ranges::any_of(options, [value](const json::value& each) {
        const auto* option = each.if_object();
        return option != nullptr ? text_at(*option, "value") == value
                                 : each.is_string() && each.get_string() == value;
    });
}

/// What is wrong with a value, or "".
std::string wrong_with(const json::object& field, const json::value& value) {
    const std::string_view type = text_at(field, "type");
    if (type == "confirm" || type == "flag")
        return value.is_bool() ? "" : "is neither true nor false";
    if (type == "number")
        return value.is_int64() || value.is_uint64() || value.is_double() ? "" : "is not a number";
    if (!value.is_string()) return "is not a text";
    const std::string_view text = value.get_string();
    if (text.size() > kValueBytesMax) return "is too long";
    const auto* options = field.if_contains("options");
    if (options != nullptr && options->is_array() && !text.empty() &&
        !is_offered(options->get_array(), text))
        return "is none of what can be chosen";
    if (type == "url" && !text.empty() && !is_web_address(text))
        return "is no http or https address";
    return "";
}

bool is_given(const json::object& field, const json::value* value) {
    if (value == nullptr || value->is_null()) return false;
    if (text_at(field, "type") == "confirm") return value->is_bool() && value->get_bool();
    return !value->is_string() || !value->get_string().empty();
}

}  // namespace

std::optional<json::object> shown(std::string_view form) {
    boost::system::error_code bad;
    json::value parsed = json::parse(form, bad);
    if (bad || !parsed.is_object()) return std::nullopt;
    json::object out = std::move(parsed.get_object());
    if (std::ranges::find(kKinds, text_at(out, "kind")) == kKinds.end()) out["kind"] = "input";
    if (!is_web_address(text_at(out, "url"))) out.erase("url");
    if (auto* fields = out.if_contains("fields"); fields != nullptr) {
        if (!fields->is_array()) return std::nullopt;
        json::array& all = fields->get_array();
        const auto nameless = [](const json::value& each) {
            return !each.is_object() || text_at(each.get_object(), "key").empty();
        };
        all.erase(std::remove_if(all.begin(), all.end(), nameless), all.end());
        if (all.size() > kFieldsMax) return std::nullopt;
    }
    return out;
}

Result<void> judge(const json::object& form, const json::object& values) {
    for (const auto& [key, value] : values) {
        const auto* field = field_of(form, key);
        if (field == nullptr)
            return Error{Fault::malformed, std::string{key} + " is not asked for"};
        const std::string wrong = value.is_null() ? "" : wrong_with(*field, value);
        if (!wrong.empty()) return Error{Fault::malformed, std::string{key} + ' ' + wrong};
    }
    const auto* fields = fields_of(form);
    if (fields == nullptr) return {};
    for (const json::value& each : *fields) {
        const json::object& field = each.get_object();
        const std::string_view key = text_at(field, "key");
        if (flag_at(field, "required") && !is_given(field, values.if_contains(key)))
            return Error{Fault::malformed, std::string{key} + " is needed"};
    }
    return {};
}

}  // namespace trunkline::connect
