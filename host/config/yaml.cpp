#include "host/config/yaml.hpp"

#include <algorithm>
#include <fstream>
#include <sstream>
#include <tuple>
#include <vector>

#include <sys/stat.h>

namespace trunkline::config {
namespace {

constexpr std::size_t kFileBytesMax = 64U << 20U;  // a hundred thousand portals take 20
constexpr std::size_t kNodesMin = 100'000;         // that any document may have, however short
constexpr std::size_t kNestingMax = 64;

/// Braces end a plain scalar inside `{...}`, so `{token: ${NAME}}` would not be YAML. Each
/// `${NAME}` is therefore marked with private-use characters, one for one, so that columns in
/// messages stay true; `Section` replaces them by values.
std::string mark_variables(const std::string& text) {
    const auto fits = [](char c, bool first) {
        const bool letter = (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || c == '_';
        return letter || (!first && c >= '0' && c <= '9');
    };
    std::string out;
    std::size_t at = 0;
    for (auto open = text.find("${"); open != std::string::npos; open = text.find("${", at)) {
        const std::size_t name = open + 2;
        std::size_t end = name;
        while (end < text.size() && fits(text[end], end == name))
            ++end;
        out.append(text, at, open - at);
        if (end > name && end < text.size() && text[end] == '}') {
            out.append(kVariableOpen).append(text, name, end - name).append(kVariableClose);
            at = end + 1;
        } else {
            out.append("${");
            at = name;
        }
    }
    return out.append(text, at);
}

/// What is wrong with a document's size, or "". Counted as it will be read: an alias stands for all
/// that it names, so that a few lines may mean more than fits into any memory, or themselves.
std::string too_much(const YAML::Node& root, std::size_t nodes_max) {
    struct Level {
        YAML::const_iterator next, end;
        bool map;
    };
    std::vector<Level> open;
    std::size_t nodes = 0;
    const auto enter = [&](const YAML::Node& node) {
        ++nodes;
        if (node.IsMap() || node.IsSequence())
            open.push_back({node.begin(), node.end(), node.IsMap()});
    };
    enter(root);
    while (!open.empty()) {
        if (open.size() > kNestingMax) return "is nested too deeply, or within itself";
        if (nodes > nodes_max)
            return "has more than " + std::to_string(nodes_max) + " entries, aliases followed";
        Level& level = open.back();
        if (level.next == level.end) {
            open.pop_back();
            continue;
        }
        const YAML::Node child = level.map ? level.next->second : YAML::Node{*level.next};
        ++level.next;
        enter(child);
    }
    return "";
}

}  // namespace

bool read_file(const std::string& file, Reading& reading, std::string& text) {
    reading.file = file;
    struct stat status {};
    std::ifstream in{file};
    if (!in || stat(file.c_str(), &status) != 0 || !S_ISREG(status.st_mode)) {
        reading.problems.push_back({{file, 0, 0}, "", "cannot be read", false});
        return false;
    }
    reading.readable_by_others = (status.st_mode & (S_IRGRP | S_IROTH)) != 0;
    if (static_cast<std::uintmax_t>(status.st_size) > kFileBytesMax) {
        reading.problems.push_back({{file, 0, 0}, "", "is larger than 64 MiB", false});
        return false;
    }
    std::ostringstream out;
    out << in.rdbuf();
    text = std::move(out).str();
    return true;
}

void read_yaml(
    const std::string& text, Reading& reading, const std::function<void(Section&)>& bind
) {
    YAML::Node root;
    try {
        root = YAML::Load(reading.from_outside ? text : mark_variables(text));
    } catch (const YAML::Exception& error) {
        const Place place{reading.file, error.mark.line + 1, error.mark.column + 1};
        reading.problems.push_back({place, "", "is not YAML: " + error.msg, false});
        return;
    }
    // An entry that is written takes a byte at least: only aliases can make more of them than that.
    const std::size_t nodes_max = std::max(kNodesMin, text.size());
    if (const std::string wrong = too_much(root, nodes_max); !wrong.empty()) {
        reading.problems.push_back({{reading.file, 1, 1}, "", wrong, false});
        return;
    }
    Section section{reading, root, ""};
    bind(section);
}

bool settle(std::vector<Problem>& problems) {
    std::stable_sort(problems.begin(), problems.end(), [](const Problem& a, const Problem& b) {
        return std::tie(a.place.line, a.place.column) < std::tie(b.place.line, b.place.column);
    });
    return std::any_of(problems.begin(), problems.end(), [](const Problem& problem) {
        return !problem.warning;
    });
}

}  // namespace trunkline::config
