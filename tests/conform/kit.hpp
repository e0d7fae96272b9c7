#pragma once

#include <algorithm>
#include <array>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <set>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

#include <sys/wait.h>
#include <trunkline/json.hpp>

/// Runs the program as anybody would and reads what it says.
namespace trunkline::conform {

namespace fs = std::filesystem;

struct Said {
    int status = -1;
    std::string text, errors;

    json::value parsed() const {
        auto value = trunkline::parsed(text);
        if (!value) throw std::runtime_error{"no JSON: " + text + errors};
        return *value;
    }
    /// Ids of the checks with that verdict.
    std::set<std::string> checks(std::string_view verdict) const {
        const json::value report = parsed();
        std::set<std::string> ids;
        for (const json::value& each : list_at(report, "results")) {
            if (text_at(each, "verdict") == verdict) ids.emplace(text_at(each, "check"));
        }
        return ids;
    }
};

inline std::string content_of(const fs::path& file) {
    std::ifstream stream{file, std::ios::binary};
    return {std::istreambuf_iterator<char>{stream}, {}};
}

inline void write_file(const fs::path& file, std::string_view text) {
    std::ofstream{file, std::ios::binary} << text;
}

/// A folder of its own, gone at the end.
class Folder {
public:
    Folder() {
        std::string name = (fs::temp_directory_path() / "conform-test-XXXXXX").string();
        if (mkdtemp(name.data()) == nullptr) throw std::runtime_error{name};
        path_ = name;
    }
    Folder(const Folder&) = delete;
    Folder& operator=(const Folder&) = delete;
    ~Folder() {
        std::error_code ignored;
        fs::remove_all(path_, ignored);
    }
    const fs::path& path() const noexcept { return path_; }

private:
    fs::path path_;
};

/// `arguments` are written as for a shell; nothing in them comes from outside.
inline Said conform(const std::string& arguments) {
    const Folder folder;
    const std::string errors = folder.path() / "errors";
    const std::string command = std::string{CONFORM} + " " + arguments + " 2>" + errors;
    std::FILE* const pipe = popen(command.c_str(), "r");
    if (pipe == nullptr) throw std::runtime_error{"no pipe"};
    Said said;
    std::array<char, 65536> piece{};
    for (std::size_t got = 0; (got = std::fread(piece.data(), 1, piece.size(), pipe)) > 0;)
        said.text.append(piece.data(), got);
    said.status = WEXITSTATUS(pclose(pipe));
    said.errors = content_of(errors);
    return said;
}

inline std::string good() {
    return CONNECTORS "/good/sound.so";
}
inline std::string cases() {
    return TESTS "/testdata";
}

/// The checks of --list.
inline std::vector<json::value> listed() {
    const json::value list = conform("--list --format json").parsed();
    const auto& all = list.get_array();
    return {all.begin(), all.end()};
}

}  // namespace trunkline::conform
