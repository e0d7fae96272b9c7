#include "host/config/section.hpp"

#include <algorithm>
#include <cctype>
#include <charconv>
#include <set>

#include <boost/json/value.hpp>

#include "host/config/files.hpp"
#include "host/config/units.hpp"

namespace trunkline::config {
namespace {

constexpr int kDepthMax = 16;
/// Of one text; addresses and names are shorter, and what reads them need not stand more.
constexpr std::size_t kTextMax = 4096;

Place place_in(const Reading& reading, const YAML::Node& node) {
    const YAML::Mark mark = node.Mark();
    return {reading.file, mark.line + 1, mark.column + 1};
}

std::string quoted(std::initializer_list<const char*> words) {
    std::string out;
    for (const char* word : words)
        out += (out.empty() ? "" : " | ") + std::string{word};
    return out;
}

void note_written(
    const YAML::Node& node,
    const std::string& key,
    int depth,
    std::map<std::string, std::size_t>& out
) {
    if (depth > kDepthMax) return;
    if (node.IsMap()) {
        for (const auto& entry : node) {
            if (!entry.first.IsScalar()) continue;
            const std::string& name = entry.first.Scalar();
            note_written(entry.second, key.empty() ? name : key + "." + name, depth + 1, out);
        }
    } else if (node.IsSequence()) {
        for (std::size_t i = 0; i < node.size(); ++i)
            note_written(node[i], key + "[" + std::to_string(i) + "]", depth + 1, out);
    } else {
        out[key] = std::hash<std::string>{}(node.IsScalar() ? node.Scalar() : "");
    }
}

}  // namespace

Section::Section(Reading& reading, YAML::Node node, std::string path)
    : reading_{reading}, node_{std::move(node)}, path_{std::move(path)} {
    if (!describing() && node_.IsDefined() && !node_.IsNull() && !node_.IsMap()) {
        add(node_, path_, "expected a map of keys");
        node_ = YAML::Node{};
    }
}

Section::~Section() {
    if (describing() || !node_.IsMap()) return;
    std::set<std::string> seen;
    for (const auto& entry : node_) {
        const std::string key = entry.first.IsScalar() ? entry.first.Scalar() : "";
        if (!seen.insert(key).second) add(entry.first, path_of(key), "is written twice");
        if (std::find(known_.begin(), known_.end(), key) != known_.end()) continue;
        const std::string* nearest = nullptr;
        for (const std::string& candidate : known_) {
            if (nearest == nullptr || distance(key, candidate) < distance(key, *nearest))
                nearest = &candidate;
        }
        std::string text = "unknown key";
        if (nearest != nullptr &&
            distance(key, *nearest) <= std::max<std::size_t>(2, key.size() / 2)) {
            text += "; did you mean \"" + *nearest + "\"?";
        }
        add(entry.first, path_of(key), text);
    }
}

std::map<std::string, std::size_t> Section::digests() const {
    std::map<std::string, std::size_t> out;
    note_written(node_, path_, 0, out);
    return out;
}

std::string Section::path_of(const std::string& key) const {
    return path_.empty() ? key : path_ + "." + key;
}
Place Section::place() const {
    return place_in(reading_, node_);
}

Place Section::place_of(const char* key) {
    const YAML::Node node = node_.IsMap() ? node_[key] : YAML::Node{};
    return node.IsDefined() ? place_in(reading_, node) : place();
}

void Section::add(const YAML::Node& node, const std::string& key, std::string text, bool warning) {
    reading_.problems.push_back({place_in(reading_, node), key, std::move(text), warning});
}

void Section::problem(const char* key, std::string text) {
    const YAML::Node node = node_.IsMap() ? node_[key] : YAML::Node{};
    add(node.IsDefined() ? node : node_, path_of(key), std::move(text));
}

void Section::warn(const char* key, std::string text) {
    const YAML::Node node = node_.IsMap() ? node_[key] : YAML::Node{};
    add(node.IsDefined() ? node : node_, path_of(key), std::move(text), true);
}

void Section::not_in_this_version(const char* key, const std::string& what) {
    problem(key, what + " is not in this version");
}

void Section::describe(
    const std::string& key, const char* type, std::string fallback, const char* about
) {
    reading_.described->push_back({path_of(key), type, std::move(fallback), about});
}

YAML::Node Section::find(const char* key) {
    known_.emplace_back(key);
    if (!node_.IsMap()) return YAML::Node{YAML::NodeType::Undefined};
    for (const auto& entry : node_) {
        if (entry.first.IsScalar() && entry.first.Scalar() == key) return entry.second;
    }
    return YAML::Node{YAML::NodeType::Undefined};
}

bool Section::has(const char* key) {
    if (!node_.IsMap()) return false;
    return std::any_of(node_.begin(), node_.end(), [&](const auto& entry) {
        return entry.first.IsScalar() && entry.first.Scalar() == key;
    });
}

std::string Section::expand(
    const YAML::Node& node, const std::string& key, const std::string& raw, bool* from_environment
) {
    if (reading_.from_outside) {
        if (raw.find("${") != std::string::npos)
            add(node, key, "holds \"${\": variables are replaced in the configuration only");
        return raw;
    }
    std::string out;
    std::size_t at = 0;
    while (at < raw.size()) {
        const std::size_t open = raw.find(kVariableOpen, at);
        if (open == std::string::npos) break;
        const std::size_t close = raw.find(kVariableClose, open);
        if (close == std::string::npos) break;
        out.append(raw, at, open - at);
        const std::size_t start = open + kVariableOpen.size();
        const std::string name = raw.substr(start, close - start);
        const auto value = (*reading_.environment)(name);
        if (!value)
            add(node, key, "environment variable " + name + " is not set");
        else
            out += *value;
        if (from_environment != nullptr) *from_environment = true;
        at = close + kVariableClose.size();
    }
    if (raw.find("${", at) != std::string::npos) add(node, key, "\"${\" does not begin a ${NAME}");
    out.append(raw, at);
    return out;
}

std::string Section::text_of(const YAML::Node& node, const std::string& key) {
    std::string out = expand(node, key, node.Scalar(), nullptr);
    if (out.size() <= kTextMax) return out;
    add(node, key, "is longer than " + std::to_string(kTextMax) + " bytes");
    return "";
}

bool Section::scalar(const char* key, std::string& out, const char* expected) {
    const YAML::Node node = find(key);
    if (!node.IsDefined()) return false;
    if (!node.IsScalar()) {
        add(node, path_of(key), std::string{"expected "} + expected);
        return false;
    }
    const std::size_t before = reading_.problems.size();
    out = text_of(node, path_of(key));
    return reading_.problems.size() == before;
}

void Section::text(const char* key, std::string& out, const char* about, bool required) {
    if (describing()) return describe(key, "text", out, about);
    std::string value;
    if (scalar(key, value, "text")) out = value;
    if (required && !has(key))
        problem(key, "is missing");
    else if (required && has(key) && out.empty())
        problem(key, "is empty");
}

void Section::one_of(
    const char* key, std::string& out, std::initializer_list<const char*> words, const char* about
) {
    if (describing()) return describe(key, quoted(words).c_str(), out, about);
    std::string value;
    if (!scalar(key, value, quoted(words).c_str())) return;
    const bool known =
        std::any_of(words.begin(), words.end(), [&](const char* word) { return value == word; });
    if (known)
        out = value;
    else
        problem(key, "\"" + value + "\" is none of " + quoted(words));
}

void Section::boolean(const char* key, bool& out, const char* about) {
    if (describing()) return describe(key, "true | false", out ? "true" : "false", about);
    std::string value;
    if (!scalar(key, value, "true or false")) return;
    if (value == "true" || value == "false")
        out = value == "true";
    else
        problem(key, "\"" + value + "\" is neither true nor false");
}

void Section::number(
    const char* key, std::uint64_t& out, std::uint64_t min, std::uint64_t max, const char* about
) {
    if (describing()) return describe(key, "number", std::to_string(out), about);
    std::string value;
    if (!scalar(key, value, "a whole number")) return;
    std::uint64_t parsed = 0;
    const auto [end, error] = std::from_chars(value.data(), value.data() + value.size(), parsed);
    if (error != std::errc{} || end != value.data() + value.size()) {
        problem(key, "\"" + value + "\" is not a whole number");
    } else if (parsed < min || parsed > max) {
        problem(key, value + " is outside " + std::to_string(min) + " to " + std::to_string(max));
    } else {
        out = parsed;
    }
}

void Section::duration(
    const char* key, milliseconds& out, milliseconds min, milliseconds max, const char* about
) {
    if (describing()) return describe(key, "duration", format_duration(out), about);
    std::string value;
    if (!scalar(key, value, "a duration such as 250ms, 20s, 5m, 24h, 14d")) return;
    const auto parsed = parse_duration(value);
    if (!parsed)
        problem(key, "\"" + value + "\" is not a duration such as 250ms, 20s, 5m, 24h, 14d");
    else if (*parsed < min || *parsed > max) {
        problem(key, value + " is outside " + format_duration(min) + " to " + format_duration(max));
    } else {
        out = *parsed;
    }
}

void Section::size(
    const char* key, std::uint64_t& out, std::uint64_t min, std::uint64_t max, const char* about
) {
    if (describing()) return describe(key, "size", format_size(out), about);
    std::string value;
    if (!scalar(key, value, "a size such as 64KiB, 1MiB, 1GiB")) return;
    const auto parsed = parse_size(value);
    if (!parsed)
        problem(key, "\"" + value + "\" is not a size such as 64KiB, 1MiB, 1GiB");
    else if (*parsed < min || *parsed > max) {
        problem(key, value + " is outside " + format_size(min) + " to " + format_size(max));
    } else {
        out = *parsed;
    }
}

void Section::texts(
    const char* key,
    std::vector<std::string>& out,
    const char* about,
    const std::function<std::string(const std::string&)>& check
) {
    if (describing()) return describe(key, "list of text", "[]", about);
    const YAML::Node node = find(key);
    if (!node.IsDefined()) return;
    if (!node.IsSequence()) return add(node, path_of(key), "expected a list");
    out.clear();
    for (std::size_t i = 0; i < node.size(); ++i) {
        const std::string path = path_of(key) + "[" + std::to_string(i) + "]";
        if (!node[i].IsScalar()) {
            add(node[i], path, "expected text");
            continue;
        }
        out.push_back(text_of(node[i], path));
        if (const std::string wrong = check ? check(out.back()) : ""; !wrong.empty())
            add(node[i], path, wrong);
    }
}

void Section::secret(const char* key, Secret& out, const char* about, bool required) {
    if (describing()) return describe(key, "secret", "", about);
    const YAML::Node node = find(key);
    if (!node.IsDefined()) {
        if (required) problem(key, "is missing");
        return;
    }
    if (reading_.from_outside && !node.IsScalar())
        return add(node, path_of(key), "expected text; files are read for the configuration only");
    if (node.IsMap() && node["file"].IsDefined() && node["file"].IsScalar() && node.size() == 1) {
        const std::string path = expand(node, path_of(key), node["file"].Scalar(), nullptr);
        const auto line = first_line_of(path);
        if (!line) return add(node, path_of(key), "file " + path + " cannot be read or is empty");
        out = Secret{*line};
        return;
    }
    if (!node.IsScalar()) return add(node, path_of(key), "expected text or {file: path}");
    bool from_environment = false;
    out = Secret{expand(node, path_of(key), node.Scalar(), &from_environment)};
    if (out.empty() && required) add(node, path_of(key), "is empty");
    if (!from_environment && reading_.readable_by_others && !out.empty()) {
        add(node,
            path_of(key),
            "a literal secret in a file that others can read; use ${NAME}, {file: path} or chmod "
            "600",
            true);
    }
}

boost::json::value Section::to_json(const YAML::Node& node, const std::string& key, int depth) {
    if (depth > kDepthMax) {
        add(node, key, "is nested too deeply");
        return nullptr;
    }
    if (node.IsMap()) {
        boost::json::object out;
        for (const auto& entry : node) {
            if (!entry.first.IsScalar()) {
                add(entry.first, key, "expected text as a key");
                continue;
            }
            const std::string& name = entry.first.Scalar();
            if (out.contains(name)) add(entry.first, key + "." + name, "is written twice");
            out[name] = to_json(entry.second, key + "." + name, depth + 1);
        }
        return out;
    }
    if (node.IsSequence()) {
        boost::json::array out;
        for (std::size_t i = 0; i < node.size(); ++i)
            out.push_back(to_json(node[i], key + "[" + std::to_string(i) + "]", depth + 1));
        return out;
    }
    if (!node.IsScalar()) return nullptr;
    bool from_environment = false;
    const std::string text = expand(node, key, node.Scalar(), &from_environment);
    if (node.Tag() == "!" || from_environment)
        return boost::json::string{text};  // quoted, or from outside: text
    if (text == "true" || text == "false") return text == "true";
    if (text == "null" || text == "~") return nullptr;
    std::int64_t number = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
    if (error == std::errc{} && end == text.data() + text.size()) return number;
    return boost::json::string{text};
}

void Section::object(
    const char* key,
    boost::json::object& out,
    const char* about,
    std::map<std::string, Written>* written
) {
    if (describing()) return describe(key, "map", "{}", about);
    const YAML::Node node = find(key);
    if (!node.IsDefined() || node.IsNull()) return;
    if (!node.IsMap()) return add(node, path_of(key), "expected a map of keys");
    out = to_json(node, path_of(key), 0).as_object();
    if (written == nullptr) return;
    for (const auto& entry : node) {
        if (!entry.first.IsScalar()) continue;
        Written how{place_in(reading_, entry.first), place_in(reading_, entry.second), {}, false};
        if (entry.second.IsScalar()) {
            // Missing variables were told when the value was read.
            const std::size_t before = reading_.problems.size();
            bool from_environment = false;
            how.text = Secret{expand(entry.second, key, entry.second.Scalar(), &from_environment)};
            how.exposed = !from_environment && reading_.readable_by_others;
            reading_.problems.resize(before);
        }
        (*written)[entry.first.Scalar()] = std::move(how);
    }
}

void Section::section(
    const char* key, const char* about, const std::function<void(Section&)>& bind
) {
    if (describing()) describe(key, "section", "", about);
    const YAML::Node node = find(key);
    Section inner{reading_, node, path_of(key)};
    bind(inner);
}

void Section::either(
    const char* key,
    const char* about,
    const std::function<void(const std::string&)>& scalar_form,
    const std::function<void(Section&)>& bind
) {
    if (describing()) describe(key, "text or section", "", about);
    const YAML::Node node = find(key);
    if (!describing() && !node.IsDefined()) return;
    if (!describing() && node.IsScalar()) return scalar_form(text_of(node, path_of(key)));
    Section inner{reading_, node, path_of(key)};
    bind(inner);
}

void Section::list(const char* key, const char* about, const std::function<void(Section&)>& bind) {
    if (describing()) {
        describe(key, "list", "[]", about);
        Section inner{reading_, YAML::Node{}, path_of(key) + "[]"};
        return bind(inner);
    }
    const YAML::Node node = find(key);
    if (!node.IsDefined() || node.IsNull()) return;
    if (!node.IsSequence()) return add(node, path_of(key), "expected a list");
    for (std::size_t i = 0; i < node.size(); ++i) {
        Section inner{reading_, node[i], path_of(key) + "[" + std::to_string(i) + "]"};
        bind(inner);
    }
}

void Section::members(
    const char* key,
    const char* about,
    const std::function<void(const std::string&, Section&)>& bind
) {
    if (describing()) {
        describe(key, "map of sections", "{}", about);
        Section inner{reading_, YAML::Node{}, path_of(key) + ".<name>"};
        return bind("", inner);
    }
    const YAML::Node node = find(key);
    if (!node.IsDefined() || node.IsNull()) return;
    if (!node.IsMap()) return add(node, path_of(key), "expected a map of keys");
    for (const auto& entry : node) {
        const std::string name = entry.first.IsScalar() ? entry.first.Scalar() : "";
        Section inner{reading_, entry.second, path_of(key) + "." + name};
        bind(name, inner);
    }
}

boost::json::object Section::rest() {
    boost::json::object out;
    if (describing() || !node_.IsMap()) return out;
    for (const auto& entry : node_) {
        const std::string key = entry.first.IsScalar() ? entry.first.Scalar() : "";
        if (std::find(known_.begin(), known_.end(), key) != known_.end()) continue;
        known_.push_back(key);
        out[key] = to_json(entry.second, path_of(key), 0);
    }
    return out;
}

}  // namespace trunkline::config
