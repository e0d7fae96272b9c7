#include "host/trunkctl/scaffold.hpp"

#include <algorithm>
#include <array>
#include <fstream>
#include <iterator>
#include <string_view>
#include <system_error>

namespace trunkline::trunkctl {
namespace {

namespace fs = std::filesystem;

// What the templates call their connector; they are compiled and tested under this name.
constexpr std::string_view kId = "my_messenger";
constexpr std::string_view kTitle = "My Messenger";
constexpr std::string_view kVariable = "MY_MESSENGER";
constexpr std::string_view kCommon = "common";

// Targets that CMake keeps for itself; the connector's target has its name.
constexpr std::array<std::string_view, 11> kTaken{
    "all",
    "clean",
    "depend",
    "edit_cache",
    "help",
    "install",
    "list_install_components",
    "package",
    "package_source",
    "rebuild_cache",
    "test"};

Error refused(std::string why) {
    return Error{Fault::malformed, std::move(why)};
}

bool is_id(std::string_view name) {
    const auto lower = [](char c) { return c >= 'a' && c <= 'z'; };
    return name.size() >= 2 && name.size() <= 32 && lower(name.front()) &&
           std::ranges::all_of(name, [&](char c) {
               return lower(c) || (c >= '0' && c <= '9') || c == '_';
           });
}

std::string upper(std::string_view text) {
    std::string out{text};
    std::ranges::transform(out, out.begin(), [](char c) {
        return c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c;
    });
    return out;
}

/// `my_messenger` as `My Messenger`.
std::string title_of(std::string_view id) {
    std::string title;
    bool first = true;
    for (const char c : id) {
        if (c == '_') {
            first = true;
            continue;
        }
        if (first && !title.empty()) title += ' ';
        title += first ? upper({&c, 1}) : std::string{c};
        first = false;
    }
    return title;
}

void replace_all(std::string& text, std::string_view from, std::string_view to) {
    for (auto at = text.find(from); at != std::string::npos; at = text.find(from, at + to.size()))
        text.replace(at, from.size(), to);
}

/// In one pass over the three forms, none of which contains another.
std::string renamed(std::string text, const std::string& name) {
    replace_all(text, kTitle, title_of(name));
    replace_all(text, kVariable, upper(name));
    replace_all(text, kId, name);
    return text;
}

/// The languages there are, for people.
std::string languages(const fs::path& templates) {
    std::vector<std::string> names;
    std::error_code ignored;
    for (const auto& entry : fs::directory_iterator{templates, ignored}) {
        if (entry.is_directory(ignored) && entry.path().filename() != kCommon)
            names.push_back(entry.path().filename());
    }
    std::ranges::sort(names);
    std::string text;
    for (const std::string& each : names)
        text += (text.empty() ? "" : ", ") + each;
    return text;
}

Result<void> copy_renamed(const fs::path& from, const fs::path& to, const std::string& name) {
    std::ifstream in{from, std::ios::binary};
    const std::string text{std::istreambuf_iterator<char>{in}, {}};
    if (!in.good() && !in.eof()) return Error{Fault::storage, from.string() + " cannot be read"};
    std::ofstream out{to, std::ios::binary};
    out << renamed(text, name);
    out.close();
    if (!out) return Error{Fault::storage, to.string() + " cannot be written"};
    return {};
}

/// The files below `from` into `to`. `gitignore` gets its dot here: in the templates it would be
/// obeyed.
Result<void> copy_tree(const fs::path& from, const fs::path& to, const std::string& name) {
    std::error_code failed;
    auto entry = fs::recursive_directory_iterator{from, failed};
    for (; !failed && entry != fs::recursive_directory_iterator{}; entry.increment(failed)) {
        std::string inside = renamed(fs::relative(entry->path(), from, failed).string(), name);
        if (inside == "gitignore") inside = ".gitignore";
        if (entry->is_directory(failed)) {
            fs::create_directories(to / inside, failed);
            continue;
        }
        auto copied = copy_renamed(entry->path(), to / inside, name);
        if (!copied) return copied;
    }
    if (failed) return Error{Fault::storage, from.string() + ": " + failed.message()};
    return {};
}

}  // namespace

Result<NewConnector> read_new_connector(const std::vector<std::string>& words) {
    NewConnector wanted;
    for (std::size_t i = 0; i < words.size(); ++i) {
        const std::string& word = words[i];
        if (word == "--language" || word == "--directory") {
            if (i + 1 == words.size()) return refused(word + " needs a value");
            if (word == "--language")
                wanted.language = words[++i];
            else
                wanted.directory = words[++i];
        } else if (word.starts_with('-')) {
            return refused("plugins new does not know " + word);
        } else if (!wanted.name.empty()) {
            return refused("plugins new takes one name, not also '" + word + "'");
        } else {
            wanted.name = word;
        }
    }
    if (!is_id(wanted.name)) {
        return refused(
            "'" + wanted.name +
            "' cannot be a connector's name: 2 to 32 lower-case letters, digits and _, a letter "
            "first"
        );
    }
    if (std::ranges::find(kTaken, wanted.name) != kTaken.end() ||
        wanted.name.starts_with("trunkline")) {
        return refused(
            "'" + wanted.name + "' cannot be a connector's name: the build needs it for itself"
        );
    }
    if (wanted.directory.empty()) wanted.directory = wanted.name;
    return wanted;
}

fs::path templates_of(const fs::path& program) {
    return program.parent_path().parent_path() / "share" / "trunkline" / "template";
}

Result<fs::path> scaffold(const NewConnector& wanted, const fs::path& templates) {
    std::error_code ignored;
    if (!fs::is_directory(templates / kCommon, ignored)) {
        return Error{
            Fault::not_found, "the templates are missing: there is no " + templates.string()};
    }
    const std::string known = languages(templates);
    if (wanted.language == kCommon || wanted.language.find('/') != std::string::npos ||
        wanted.language.starts_with('.') || wanted.language.empty() ||
        !fs::is_directory(templates / wanted.language, ignored)) {
        return refused(
            "there is no template in '" + wanted.language + "'; --language is one of " + known
        );
    }
    if (fs::symlink_status(wanted.directory, ignored).type() != fs::file_type::not_found)
        return Error{Fault::conflict, wanted.directory.string() + " is there already"};

    // Built beside its place and moved there whole, so that what fails leaves nothing behind.
    fs::path target = wanted.directory;
    if (!target.has_filename()) target = target.parent_path();
    const fs::path unfinished =
        target.parent_path() / ("." + target.filename().string() + ".unfinished");
    std::error_code failed;
    if (!fs::create_directory(unfinished, failed)) {
        return Error{
            Fault::storage,
            "the folder cannot be made: " + unfinished.string() + ": " +
                (failed ? failed.message() : "it is there already")};
    }
    auto copied = copy_tree(templates / kCommon, unfinished, wanted.name);
    if (copied) copied = copy_tree(templates / wanted.language, unfinished, wanted.name);
    if (copied) {
        fs::rename(unfinished, target, failed);
        if (failed) copied = Error{Fault::storage, target.string() + ": " + failed.message()};
    }
    if (!copied) {
        fs::remove_all(unfinished, ignored);
        return copied.error();
    }
    return target;
}

}  // namespace trunkline::trunkctl
