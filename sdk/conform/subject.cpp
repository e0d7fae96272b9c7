#include "subject.hpp"

#include <algorithm>
#include <cstdlib>
#include <fstream>
#include <sstream>
#include <stdexcept>

#include "execute.hpp"
#include "runs.hpp"

namespace trunkline::conform {
namespace {

namespace fs = std::filesystem;

constexpr int kUpdateSeconds = 60;

std::string content_of(const fs::path& file) {
    std::ifstream stream{file, std::ios::binary};
    if (!stream) throw std::runtime_error{file.string() + ": cannot be read"};
    std::stringstream text;
    text << stream.rdbuf();
    return std::move(text).str();
}

/// The golden cases of a folder. Other folders beside them are the author's own.
std::vector<Golden> cases_in(const fs::path& folder) {
    if (!fs::is_directory(folder)) throw std::runtime_error{folder.string() + ": is no folder"};
    std::vector<Golden> cases;
    for (const auto& entry : fs::directory_iterator{folder}) {
        if (fs::exists(entry.path() / "in.jsonl"))
            cases.push_back(testing::load_golden(entry.path()));
    }
    std::ranges::sort(cases, {}, &Golden::name);
    return cases;
}

std::vector<Golden> cases_of_text(const std::string& text, const std::string& where) {
    try {
        return testing::read_cases(text);
    } catch (const std::exception& error) {
        throw std::runtime_error{where + ": " + error.what()};
    }
}

/// Names of cases that may differ from the version before: one a line, # begins a remark.
std::vector<std::string> changes_in(const fs::path& file) {
    std::vector<std::string> names;
    if (!fs::exists(file)) return names;
    for (std::string line : testing::lines_of(file)) {
        line.resize(std::min(line.find('#'), line.size()));
        while (!line.empty() && line.back() == ' ')
            line.pop_back();
        if (!line.empty()) names.push_back(std::move(line));
    }
    return names;
}

fs::path private_folder() {
    std::string name = (fs::temp_directory_path() / "trunkline-conform-XXXXXX").string();
    if (mkdtemp(name.data()) == nullptr) throw std::runtime_error{name + ": cannot be made"};
    return name;
}

}  // namespace

fs::path exceptions_file(const Options& options) {
    return options.golden ? *options.golden / "conform.json"
                          : options.plugin.parent_path() / "conform.json";
}

Subject subject_of(const Options& options, const Exceptions& exceptions) {
    Subject subject;
    subject.path = options.plugin;
    subject.image = content_of(options.plugin);
    try {
        subject.elf = read_elf(subject.image);
    } catch (const std::exception& error) {
        throw std::runtime_error{options.plugin.string() + ": " + error.what()};
    }
    if (options.golden)
        subject.cases = cases_in(*options.golden);
    else if (options.replay)
        subject.cases = cases_of_text(content_of(*options.replay), options.replay->string());
    else
        subject.cases = cases_of_text(subject.elf.cases, "the cases inside of the connector");
    std::erase_if(subject.cases, [](const Golden& each) { return each.inputs.empty(); });
    subject.has_expectations = std::ranges::any_of(subject.cases, [](const Golden& each) {
        return !each.expected.empty();
    });
    if (options.against) subject.other = content_of(*options.against);
    if (options.golden) subject.changed = changes_in(*options.golden / "CHANGES.golden");
    subject.allow_imports = exceptions.allow_imports;
    subject.allow_needed = exceptions.allow_needed;
    subject.fuzz_seconds = options.fuzz_seconds;
    subject.in_process = options.in_process;
    subject.work = private_folder();
    return subject;
}

std::string transcripts_of(const Subject& subject) {
    const Library library{subject};
    std::string text;
    for (const Golden& golden : subject.cases) {
        for (const std::string& line : run_in(library.plugin(), golden).transcript)
            text += line + "\n";
        text += "-\n";
    }
    return text;
}

std::vector<std::string> update(const Subject& subject) {
    std::vector<std::string> changed;
    for (const Golden& golden : subject.cases) {
        const std::string text = in_child(
            [&] {
                try {
                    const Library library{subject};
                    const Run run = run_in(library.plugin(), golden);
                    std::string lines;
                    for (const std::string& line : run.transcript)
                        lines += line + "\n";
                    return run.faults.empty() ? "=" + lines : "!" + run.faults.front();
                } catch (const std::exception& error) {
                    return std::string{"!"} + error.what();
                }
            },
            kUpdateSeconds
        );
        if (!text.starts_with('='))
            throw std::runtime_error{
                golden.name() + ": " + text.substr(std::min<std::size_t>(1, text.size()))};
        const fs::path file = golden.folder / "out.jsonl";
        const std::string present = fs::exists(file) ? content_of(file) : "";
        if (present == text.substr(1)) continue;
        std::ofstream stream{file, std::ios::binary};
        stream << text.substr(1);
        if (!stream.flush()) throw std::runtime_error{file.string() + ": cannot be written"};
        changed.push_back(file.string());
    }
    return changed;
}

}  // namespace trunkline::conform
