#include "trunkline/simulator/rules.hpp"

#include <algorithm>
#include <cmath>
#include <set>
#include <utility>

#include "trunkline/simulator/url.hpp"

namespace trunkline::simulator {
namespace {

using What = Finding::What;

/// One value as a rule sees it: a parameter of a call, or a member of an object.
struct Given {
    const json::value* value = nullptr;  ///< null when there is none
    std::optional<json::value> parsed;   ///< objects and lists that came as text
    bool upload = false;
    bool lenient = false;  ///< numbers may be texts of digits, as in forms

    bool there() const { return value != nullptr || upload; }
};

std::optional<double> number_of(const Given& given) {
    const json::value& value = *given.value;
    if (value.is_int64()) return static_cast<double>(value.as_int64());
    if (value.is_uint64()) return static_cast<double>(value.as_uint64());
    if (value.is_double())  // 1e400 is read as infinity
        return std::isfinite(value.as_double()) ? std::optional{value.as_double()} : std::nullopt;
    if (!given.lenient || !value.is_string()) return std::nullopt;
    return finite_number(value.as_string());
}

/// True only for what `Parameters::integer` can give: a method may take its value unasked.
bool is_whole(const Given& given) {
    const json::value& value = *given.value;
    if (value.is_int64()) return true;
    if (value.is_uint64()) return std::in_range<std::int64_t>(value.as_uint64());
    if (!given.lenient || !value.is_string()) return false;
    return whole_number(value.as_string()).has_value();
}

bool is_boolean(const Given& given) {
    if (given.value->is_bool()) return true;
    if (!given.lenient) return false;
    const std::string text = given.value->is_string() ? std::string{given.value->as_string()}
                                                      : json::serialize(*given.value);
    return text == "true" || text == "false" || text == "True" || text == "False" || text == "0" ||
           text == "1";
}

bool one_of(std::string_view text, std::string_view values) {
    while (!values.empty()) {
        const std::size_t end = values.find('|');
        if (values.substr(0, end) == text) return true;
        values = end == std::string_view::npos ? std::string_view{} : values.substr(end + 1);
    }
    return false;
}

/// Checks the values of one object or call against its rules.
class Checker {
public:
    Checker(const std::string& method, const RuleWords& words) : method_{method}, words_{words} {}

    template <class Find>
    std::optional<Refusal> all(const std::string& path, const Rules& rules, const Find& find)
        const {
        std::set<std::string_view> seen;
        for (const Rule& rule : rules) {
            const std::string where =
                path.empty() ? std::string{rule.name} : path + "." + std::string{rule.name};
            const Given given = find(rule);
            if (!rule.group.empty() && seen.insert(rule.group).second) {
                if (auto bad = group(where, rules, rule.group, find)) return bad;
            }
            if (!given.there()) {
                if (rule.required && rule.group.empty()) return wrong(What::missing, rule, where);
                continue;
            }
            if (auto bad = one(where, rule, given)) return bad;
        }
        return std::nullopt;
    }

private:
    Refusal wrong(What what, const Rule& rule, const std::string& path) const {
        Finding finding;
        finding.what = what;
        finding.method = method_;
        finding.rule = &rule;
        finding.path = path;
        return words_.wrong(finding);
    }

    template <class Find>
    std::optional<Refusal> group(
        const std::string& path, const Rules& rules, std::string_view name, const Find& find
    ) const {
        int there = 0;
        const Rule* needed = nullptr;
        for (const Rule& rule : rules) {
            if (rule.group != name) continue;
            if (rule.required && needed == nullptr) needed = &rule;
            if (!find(rule).there()) continue;
            if (++there > 1) return wrong(What::too_many, rule, path);
        }
        if (there == 0 && needed != nullptr) return wrong(What::missing, *needed, path);
        return std::nullopt;
    }

    std::optional<Refusal> one(const std::string& path, const Rule& rule, const Given& given)
        const {
        switch (rule.type) {
            case Type::text:
                return text(path, rule, given);
            case Type::integer:
            case Type::number:
                return number(path, rule, given);
            case Type::boolean:
                if (!is_boolean(given)) return wrong(What::wrong_type, rule, path);
                return std::nullopt;
            case Type::object:
            case Type::list:
                return structure(path, rule, given);
            case Type::file:
                if (!given.upload && !given.value->is_string())
                    return wrong(What::wrong_type, rule, path);
                return std::nullopt;
            case Type::name:
                if (!is_whole(given) && !given.value->is_string())
                    return wrong(What::wrong_type, rule, path);
                return std::nullopt;
        }
        return std::nullopt;
    }

    std::optional<Refusal> text(const std::string& path, const Rule& rule, const Given& given)
        const {
        if (given.upload) return wrong(What::wrong_type, rule, path);
        // A number is a text where forms are taken: everything is one there.
        const bool number = given.lenient && (given.value->is_number() || given.value->is_bool());
        if (!given.value->is_string() && !number) return wrong(What::wrong_type, rule, path);
        const std::string shown =
            number ? json::serialize(*given.value) : std::string{given.value->as_string()};
        if (!is_utf8(shown)) return wrong(What::not_utf8, rule, path);
        const auto length = static_cast<std::int64_t>(words_.length(shown));
        if (length < rule.min) return wrong(What::too_short, rule, path);
        if (rule.max > 0 && length > rule.max) return wrong(What::too_long, rule, path);
        if (!rule.values.empty() && !one_of(shown, rule.values))
            return wrong(What::wrong_value, rule, path);
        return std::nullopt;
    }

    std::optional<Refusal> number(const std::string& path, const Rule& rule, const Given& given)
        const {
        if (given.upload) return wrong(What::wrong_type, rule, path);
        const auto value = number_of(given);
        if (!value || (rule.type == Type::integer && !is_whole(given)))
            return wrong(What::wrong_type, rule, path);
        if (rule.min == 0 && rule.max == 0) return std::nullopt;
        if (*value < static_cast<double>(rule.min)) return wrong(What::too_small, rule, path);
        if (rule.max != 0 && *value > static_cast<double>(rule.max))
            return wrong(What::too_large, rule, path);
        return std::nullopt;
    }

    std::optional<Refusal> structure(const std::string& path, const Rule& rule, const Given& given)
        const {
        const json::value* value = given.parsed ? &*given.parsed : given.value;
        if (value == nullptr) return wrong(What::wrong_type, rule, path);
        if (rule.type == Type::object) {
            if (!value->is_object()) return wrong(What::wrong_type, rule, path);
            if (rule.inside == nullptr) return std::nullopt;
            return members(path, *rule.inside, value->as_object());
        }
        if (!value->is_array()) return wrong(What::wrong_type, rule, path);
        const json::array& list = value->as_array();
        const auto count = static_cast<std::int64_t>(list.size());
        if (count < rule.min) return wrong(What::too_few, rule, path);
        if (rule.max > 0 && count > rule.max) return wrong(What::too_many, rule, path);
        if (rule.inside == nullptr) return std::nullopt;
        for (std::size_t at = 0; at < list.size(); ++at) {
            const std::string where = path + "[" + std::to_string(at) + "]";
            if (!list[at].is_object()) return wrong(What::wrong_type, rule, where);
            if (auto bad = members(where, *rule.inside, list[at].as_object())) return bad;
        }
        return std::nullopt;
    }

public:
    std::optional<Refusal> members(
        const std::string& path, const Rules& rules, const json::object& object
    ) const {
        return all(path, rules, [&object](const Rule& rule) {
            Given given;
            given.value = object.if_contains(rule.name);
            return given;
        });
    }

private:
    const std::string& method_;
    const RuleWords& words_;
};

}  // namespace

std::size_t RuleWords::length(std::string_view text) const {
    return utf16_length(text);
}

std::optional<Refusal> check(
    const std::string& method, const Rules& rules, const Parameters& given, const RuleWords& words
) {
    return Checker{method, words}.all("", rules, [&given](const Rule& rule) {
        Given out;
        out.value = given.raw(rule.name);
        out.upload = given.upload(rule.name) != nullptr;
        out.lenient = true;
        const bool structured = rule.type == Type::object || rule.type == Type::list;
        if (structured) out.parsed = given.structure(rule.name);
        if (structured && !out.parsed && out.value != nullptr) out.parsed = json::value{};
        return out;
    });
}

std::optional<Refusal> check(
    const std::string& method,
    const std::string& path,
    const Rules& rules,
    const json::object& given,
    const RuleWords& words
) {
    return Checker{method, words}.members(path, rules, given);
}

std::vector<std::string> unknown_names(const Rules& rules, const Parameters& given) {
    std::vector<std::string> out;
    for (const std::string& name : given.names()) {
        const bool known = std::any_of(rules.begin(), rules.end(), [&name](const Rule& rule) {
            return rule.name == name;
        });
        if (!known) out.push_back(name);
    }
    return out;
}

bool is_utf8(std::string_view text) noexcept {
    std::size_t need = 0;
    for (const char c : text) {
        const auto byte = static_cast<unsigned char>(c);
        if (need > 0) {
            if ((byte & 0xC0U) != 0x80U) return false;
            --need;
        } else if (byte >= 0xF0 && byte < 0xF5) {
            need = 3;
        } else if (byte >= 0xE0) {
            if (byte > 0xEF) return false;
            need = 2;
        } else if (byte >= 0xC2) {
            need = 1;
        } else if (byte >= 0x80) {
            return false;
        }
    }
    return need == 0;
}

std::size_t utf16_length(std::string_view text) noexcept {
    std::size_t units = 0;
    for (const char c : text) {
        const auto byte = static_cast<unsigned char>(c);
        if ((byte & 0xC0U) != 0x80U) units += byte >= 0xF0 ? 2 : 1;
    }
    return units;
}

}  // namespace trunkline::simulator
