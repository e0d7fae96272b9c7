#include "host/config/yaml.hpp"

#include <algorithm>
#include <fstream>
#include <regex>
#include <sstream>
#include <tuple>

#include <sys/stat.h>

namespace trunkline::config {
namespace {

/// Braces end a plain scalar inside `{...}`, so `{token: ${NAME}}` would not be YAML. Each
/// `${NAME}` is therefore marked with private-use characters, one for one, so that columns in
/// messages stay true; `Section` replaces them by values.
std::string mark_variables(const std::string& text) {
    static const std::regex kVariable{R"(\$\{([A-Za-z_][A-Za-z0-9_]*)\})"};
    return std::regex_replace(
        text, kVariable, std::string{kVariableOpen} + "$1" + std::string{kVariableClose}
    );
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
        root = YAML::Load(mark_variables(text));
    } catch (const YAML::Exception& error) {
        const Place place{reading.file, error.mark.line + 1, error.mark.column + 1};
        reading.problems.push_back({place, "", "is not YAML: " + error.msg, false});
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
