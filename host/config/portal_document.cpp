#include "host/config/portal_document.hpp"

#include <set>
#include <string>
#include <vector>

#include <boost/json.hpp>

#include "host/config/bind.hpp"
#include "host/config/yaml.hpp"

namespace trunkline::config {
namespace {

namespace json = boost::json;

constexpr std::size_t kToldMax = 20;

/// An object or a list that is open where a text is looked through.
struct Level {
    bool object = false;
    bool name_next = false;  // of an object: the next text is a member's name
    std::size_t index = 0;   // of a list
    std::string name;        // of the present member
    std::set<std::string> names;
};

std::string path_of(const std::vector<Level>& open) {
    std::string out;
    for (const Level& level : open) {
        if (level.object)
            out += (out.empty() ? "" : ".") + level.name;
        else
            out += "[" + std::to_string(level.index) + "]";
    }
    return out;
}

/// Behind the text that begins at `at`.
std::size_t end_of_text(std::string_view text, std::size_t at) {
    for (++at; text[at] != '"'; ++at) {
        if (text[at] == '\\') ++at;
    }
    return at + 1;
}

/// The full name of a member that stands twice in one object of `text`, which is JSON; or "".
std::string written_twice(std::string_view text) {
    std::vector<Level> open;
    for (std::size_t at = 0; at < text.size(); ++at) {
        const char c = text[at];
        if (c == '{' || c == '[') {
            Level level;
            level.object = level.name_next = c == '{';
            open.push_back(std::move(level));
        } else if (c == '}' || c == ']') {
            open.pop_back();
        } else if (c == ',') {
            open.back().name_next = open.back().object;
            ++open.back().index;
        } else if (c == '"') {
            const std::size_t end = end_of_text(text, at);
            if (!open.empty() && open.back().name_next) {
                const json::value name = json::parse(text.substr(at, end - at));
                open.back().name_next = false;
                open.back().name = name.as_string();
                if (!open.back().names.insert(open.back().name).second) return path_of(open);
            }
            at = end - 1;
        }
    }
    return "";
}

void merge_level(json::object& into, const json::object& patch) {
    for (const auto& [name, value] : patch) {
        if (value.is_null())
            into.erase(name);
        else
            into[name] = value;
    }
}

}  // namespace

Result<json::object> read_document(std::string_view text) {
    boost::system::error_code bad;
    json::value value = json::parse(text, bad);
    if (bad || !value.is_object()) return Error{Fault::malformed, "the body is not a JSON object"};
    if (const std::string name = written_twice(text); !name.empty())
        return Error{Fault::malformed, without_place({{}, name, "is written twice"})};
    return std::move(value.as_object());
}

void merge(json::object& into, const json::object& patch) {
    json::object flat;
    for (const auto& [name, value] : patch) {
        if (!value.is_object()) {
            flat[name] = value;
            continue;
        }
        json::value& present = into[name];
        if (!present.is_object()) present.emplace_object();
        merge_level(present.as_object(), value.as_object());
    }
    merge_level(into, flat);
}

Result<Portal> portal_of(const json::object& document) {
    Reading reading;
    reading.from_outside = true;
    Portal portal;
    // JSON is YAML.
    read_yaml(json::serialize(document), reading, [&portal](Section& section) {
        bind_portal(section, portal);
    });
    if (!settle(reading.problems)) return portal;
    std::string all;
    std::size_t told = 0;
    for (const Problem& problem : reading.problems) {
        if (problem.warning) continue;
        if (++told > kToldMax) return Error{Fault::malformed, all + "; and more"};
        all += (all.empty() ? "" : "; ") + without_place(problem);
    }
    return Error{Fault::malformed, all};
}

}  // namespace trunkline::config
