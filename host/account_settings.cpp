#include "host/account_settings.hpp"

#include <algorithm>

#include "host/config/units.hpp"

namespace trunkline {

std::vector<Setting> settings_of(const boost::json::object& manifest) {
    std::vector<Setting> out;
    const auto* declared = manifest.if_contains("settings");
    if (declared == nullptr || !declared->is_array()) return out;
    const auto is =
        [](const boost::json::object& of, const char* key, const boost::json::value& want) {
            const auto* value = of.if_contains(key);
            return value != nullptr && *value == want;
        };
    for (const auto& entry : declared->as_array()) {
        const auto* object = entry.if_object();
        const auto* key = object != nullptr ? object->if_contains("key") : nullptr;
        if (key == nullptr || !key->is_string()) continue;
        out.push_back(
            {std::string{key->as_string()},
             is(*object, "type", "secret"),
             is(*object, "required", true)}
        );
    }
    return out;
}

Result<void> check_settings(
    const boost::json::object& given, const std::vector<Setting>& declared
) {
    for (const auto& [key, value] : given) {
        const std::string name{key};
        const bool known = std::any_of(declared.begin(), declared.end(), [&](const Setting& s) {
            return s.key == name;
        });
        if (known) continue;
        std::string text = "settings." + name + ": the connector knows no such setting";
        for (const Setting& s : declared) {
            if (config::distance(s.key, name) <= 2) text += "; did you mean \"" + s.key + "\"?";
        }
        return Error{Fault::malformed, text};
    }
    for (const Setting& s : declared) {
        if (s.required && !given.contains(s.key))
            return Error{Fault::malformed, "settings." + s.key + " is missing"};
    }
    return {};
}

}  // namespace trunkline
