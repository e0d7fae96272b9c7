#include "host/plugins/remarks.hpp"

#include <algorithm>
#include <string_view>

#include <boost/json/value.hpp>

#include "host/config/units.hpp"

namespace trunkline::plugins {
namespace {

namespace json = boost::json;
using Words = std::vector<std::string_view>;

constexpr std::size_t kRemarksMax = 32;
constexpr std::size_t kNameMax = 64;

/// Names come from the connector, and go into a log.
std::string clean(std::string_view name) {
    std::string out{name.substr(0, kNameMax)};
    std::ranges::replace_if(
        out,
        [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7F || c == '"'; },
        '?'
    );
    return out;
}

class Reader {
public:
    void object(const json::value* value, const std::string& path, const Words& known) {
        const auto* members = value == nullptr ? nullptr : value->if_object();
        if (members != nullptr) this->members(*members, path, known);
    }

    void list(const json::value* value, const std::string& path, const Words& known) {
        const auto* entries = value == nullptr ? nullptr : value->if_array();
        if (entries == nullptr) return;
        for (std::size_t i = 0; i < entries->size(); ++i)
            object(&(*entries)[i], path + "[" + std::to_string(i) + "]", known);
    }

    void members(const json::object& given, const std::string& path, const Words& known) {
        for (const auto& [key, value] : given) {
            if (std::ranges::find(known, std::string_view{key}) != known.end()) continue;
            const auto nearest = std::ranges::min_element(known, {}, [&](std::string_view word) {
                return config::distance(word, key);
            });
            std::string text = "unknown";
            if (config::distance(*nearest, key) <= std::max<std::size_t>(2, key.size() / 2))
                text += "; did you mean \"" + std::string{*nearest} + "\"?";
            add((path.empty() ? "" : path + ".") + clean(key), std::move(text));
        }
    }

    void add(std::string member, std::string text) {
        if (remarks.size() < kRemarksMax) remarks.push_back({std::move(member), std::move(text)});
    }

    std::vector<Remark> remarks;
};

}  // namespace

std::vector<Remark> remarks_on(const json::object& manifest) {
    static const Words kMembers{
        "settings",
        "receive",
        "poll",
        "redelivery_window",
        "limits",
        "quotas",
        "features",
        "receives",
        "accept",
        "idempotent",
        "check_every",
        "media",
        "profile"};
    static const Words kSetting{
        "key", "type", "title", "help", "default", "choices", "max", "secret", "required"};
    Reader reader;
    reader.members(manifest, "", kMembers);
    reader.list(manifest.if_contains("settings"), "settings", kSetting);
    reader.list(
        manifest.if_contains("limits"), "limits", {"scope", "rate", "per", "burst", "kinds"}
    );
    reader.list(
        manifest.if_contains("quotas"), "quotas", {"bucket", "scope", "rate", "per", "burst"}
    );
    reader.object(manifest.if_contains("poll"), "poll", {"every", "jitter"});
    reader.object(manifest.if_contains("media"), "media", {"copy_before"});
    reader.object(manifest.if_contains("profile"), "profile", {"every"});
    const auto unserved = [&](const char* member) {
        reader.add(member, "not served in this version");
    };
    if (manifest.contains("idempotent")) unserved("idempotent");
    const auto inside = [&](const char* member, const char* key) {
        const auto* value = manifest.if_contains(member);
        return value != nullptr && value->is_object() && value->as_object().contains(key);
    };
    if (inside("poll", "jitter")) unserved("poll.jitter");
    return std::move(reader.remarks);
}

}  // namespace trunkline::plugins
