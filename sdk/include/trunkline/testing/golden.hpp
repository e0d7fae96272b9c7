#pragma once

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <stdexcept>
#include <string>
#include <vector>

#include <trunkline/json.hpp>
#include <trunkline/testing/host.hpp>
#include <trunkline/testing/input.hpp>

namespace trunkline::inline face::testing {

/// A golden case: a folder with in.jsonl (inputs), out.jsonl (canonical effects) and, optionally,
/// account.json (settings, connector, scope).
struct Golden {
    std::filesystem::path folder;
    Account account;
    std::vector<Input> inputs;
    std::vector<std::string> expected;

    std::string name() const { return folder.filename().string(); }
};

/// The account of a case from what its account.json holds.
inline Account account_from_json(const json::value& from) {
    Account account;
    if (const auto* settings = member(from, "settings"))
        account.settings = json::serialize(*settings);
    if (const auto* connector = member(from, "connector"))
        account.connector = json::serialize(*connector);
    if (text_at(from, "scope") == "connector") {
        account.scope = TL_CONNECTOR;
        account.name = "";
    }
    return account;
}

inline std::vector<std::string> lines_of(const std::filesystem::path& file) {
    std::ifstream stream{file};
    std::vector<std::string> lines;
    for (std::string line; std::getline(stream, line);) {
        if (!line.empty()) lines.push_back(line);
    }
    return lines;
}

/// Reads one case. Throws std::runtime_error naming file and line of what cannot be read.
inline Golden load_golden(const std::filesystem::path& folder) {
    Golden golden{
        .folder = folder, .account = {}, .inputs = {}, .expected = lines_of(folder / "out.jsonl")};
    std::size_t number = 0;
    for (const std::string& line : lines_of(folder / "in.jsonl")) {
        ++number;
        try {
            golden.inputs.push_back(input_from_json(line));
        } catch (const std::exception& error) {
            throw std::runtime_error{
                (folder / "in.jsonl").string() + ":" + std::to_string(number) + ": " +
                error.what()};
        }
    }
    if (golden.inputs.empty())
        throw std::runtime_error{folder.string() + ": no in.jsonl, or an empty one"};
    std::ifstream stream{folder / "account.json"};
    if (!stream) return golden;
    std::stringstream text;
    text << stream.rdbuf();
    const auto account = parsed(text.str());
    if (!account) throw std::runtime_error{(folder / "account.json").string() + ": not JSON"};
    golden.account = account_from_json(*account);
    return golden;
}

/// Every case below `folder`, by name.
inline std::vector<Golden> load_goldens(const std::filesystem::path& folder) {
    std::vector<Golden> cases;
    for (const auto& entry : std::filesystem::directory_iterator{folder}) {
        if (entry.is_directory()) cases.push_back(load_golden(entry.path()));
    }
    std::ranges::sort(cases, {}, &Golden::name);
    return cases;
}

/// With TRUNKLINE_UPDATE_GOLDEN=1 in the environment writes `transcript` as the new out.jsonl, for
/// review in the diff, and returns true.
inline bool update_golden(const Golden& golden, const std::vector<std::string>& transcript) {
    const char* const wanted =
        std::getenv("TRUNKLINE_UPDATE_GOLDEN");  // NOLINT(concurrency-mt-unsafe)
    if (wanted == nullptr || std::string{wanted} != "1") return false;
    std::ofstream file{golden.folder / "out.jsonl"};
    for (const std::string& line : transcript)
        file << line << '\n';
    return true;
}

}  // namespace trunkline::inline face::testing
