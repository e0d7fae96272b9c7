#include "host/account_settings.hpp"

#include <algorithm>
#include <charconv>

#include <boost/json.hpp>

#include "host/config/files.hpp"
#include "host/config/units.hpp"

namespace trunkline {
namespace {

using Kind = SettingProblem::Kind;

std::optional<std::int64_t> whole_number(const std::string& text) {
    std::int64_t number = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
    if (error != std::errc{} || end != text.data() + text.size()) return std::nullopt;
    return number;
}

std::string text_of(const boost::json::object& of, const char* key) {
    const auto* value = of.if_contains(key);
    if (value == nullptr) return {};
    return value->is_string() ? std::string{value->as_string()} : boost::json::serialize(*value);
}

std::string joined(const std::vector<std::string>& words) {
    std::string out;
    for (const std::string& word : words)
        out += (out.empty() ? "" : " | ") + word;
    return out;
}

/// What is wrong with a value of that type, or "". A secret's value is never repeated.
std::string wrong_with_text(const std::string& value, const Setting& setting) {
    const std::string shown = setting.secret ? "the value" : "\"" + value + "\"";
    if (setting.required && value.empty()) return "is empty";
    if (setting.type == "url" && !value.empty() && !value.starts_with("https://") &&
        !value.starts_with("http://"))
        return shown + " is not an http or https URL";
    if (setting.type == "choice" && !value.empty() &&
        std::ranges::find(setting.choices, value) == setting.choices.end())
        return shown + " is none of " + joined(setting.choices);
    if (setting.type == "duration") {
        const auto duration = config::parse_duration(value);
        const auto most = config::parse_duration(setting.max);
        if (!duration) return shown + " is not a duration such as 250ms, 20s, 5m, 24h, 14d";
        if (most && *duration > *most) return shown + " is longer than " + setting.max;
    }
    return {};
}

std::string wrong_with(const boost::json::value& value, const Setting& setting) {
    if (setting.type == "number") {
        const auto most = whole_number(setting.max);
        const auto number = value.is_int64()    ? std::optional{value.as_int64()}
                            : value.is_string() ? whole_number(std::string{value.as_string()})
                                                : std::nullopt;
        if (!number) return "expected a whole number";
        return most && *number > *most ? "is more than " + setting.max : "";
    }
    if (setting.type == "flag") return value.is_bool() ? "" : "expected true or false";
    if (!value.is_string())
        return setting.type == "duration" ? "expected a duration such as 250ms, 20s, 5m, 24h, 14d"
                                          : "expected text";
    return wrong_with_text(std::string{value.as_string()}, setting);
}

SettingProblem unknown(const std::string& key, const std::vector<Setting>& declared) {
    SettingProblem problem{Kind::unknown, key, "the connector knows no such setting"};
    const auto nearest = std::ranges::min_element(declared, {}, [&](const Setting& setting) {
        return config::distance(setting.key, key);
    });
    if (nearest != declared.end() &&
        config::distance(nearest->key, key) <= std::max<std::size_t>(2, key.size() / 2))
        problem.text += "; did you mean \"" + nearest->key + "\"?";
    return problem;
}

}  // namespace

std::vector<Setting> settings_of(const boost::json::object& manifest) {
    std::vector<Setting> out;
    const auto* declared = manifest.if_contains("settings");
    if (declared == nullptr || !declared->is_array()) return out;
    const auto is_true = [](const boost::json::object& of, const char* key) {
        const auto* value = of.if_contains(key);
        return value != nullptr && value->is_bool() && value->as_bool();
    };
    for (const auto& entry : declared->as_array()) {
        const auto* object = entry.if_object();
        const auto* key = object != nullptr ? object->if_contains("key") : nullptr;
        if (key == nullptr || !key->is_string()) continue;
        Setting setting;
        setting.key = key->as_string();
        if (object->contains("type")) setting.type = text_of(*object, "type");
        setting.secret = setting.type == "secret" || is_true(*object, "secret");
        setting.required = is_true(*object, "required");
        setting.max = text_of(*object, "max");
        const auto* choices = object->if_contains("choices");
        if (choices != nullptr && choices->is_array()) {
            for (const auto& choice : choices->as_array()) {
                if (choice.is_string()) setting.choices.emplace_back(choice.as_string());
            }
        }
        out.push_back(std::move(setting));
    }
    return out;
}

std::vector<SettingProblem> judge_settings(
    const boost::json::object& given, const std::vector<Setting>& declared
) {
    std::vector<SettingProblem> problems;
    for (const auto& [key, value] : given) {
        const std::string name{key};
        const auto setting = std::ranges::find(declared, name, &Setting::key);
        if (setting == declared.end())
            problems.push_back(unknown(name, declared));
        else if (const std::string wrong = value.is_null() ? "" : wrong_with(value, *setting);
                 !wrong.empty())
            problems.push_back({Kind::wrong, name, wrong});
    }
    for (const Setting& setting : declared) {
        const auto* value = given.if_contains(setting.key);
        if (setting.required && (value == nullptr || value->is_null()))
            problems.push_back({Kind::missing, setting.key, "is missing"});
    }
    return problems;
}

Result<void> check_settings(
    const boost::json::object& given, const std::vector<Setting>& declared
) {
    const auto problems = judge_settings(given, declared);
    if (problems.empty()) return {};
    const SettingProblem& first = problems.front();
    return Error{
        Fault::malformed,
        "settings." + first.key + (first.kind == Kind::unknown ? ": " : " ") + first.text};
}

void take_declared_forms(config::Account& account, const std::vector<Setting>& declared) {
    for (const Setting& setting : declared) {
        auto* value = account.settings.if_contains(setting.key);
        if (value == nullptr || value->is_null()) continue;
        const auto written = account.written.find(setting.key);
        const bool plain =
            written != account.written.end() && !value->is_object() && !value->is_array();
        const std::string text = plain ? written->second.text.reveal() : std::string{};
        if (setting.type == "number") {
            const auto number = plain ? whole_number(text) : std::nullopt;
            if (number) *value = *number;
        } else if (setting.type == "flag") {
            if (plain && (text == "true" || text == "false")) *value = text == "true";
        } else if (plain) {
            *value = text;
        } else if (const auto* from = value->if_object(); from != nullptr && setting.secret &&
                                                          from->size() == 1 &&
                                                          from->contains("file")) {
            const auto line = config::first_line_of(text_of(*from, "file"));
            if (line) *value = *line;
        }
    }
}

}  // namespace trunkline
