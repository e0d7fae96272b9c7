#include "options.hpp"

#include <charconv>
#include <functional>
#include <map>
#include <stdexcept>

namespace trunkline::conform {
namespace {

[[noreturn]] void wrong(const std::string& why) {
    throw std::runtime_error{why};
}

template <class Number>
Number number(const std::string& name, const std::string& text) {
    Number value{};
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (error != std::errc{} || end != text.data() + text.size())
        wrong(name + ": '" + text + "' is no number");
    return value;
}

Format format_of(const std::string& text) {
    if (text == "text") return Format::text;
    if (text == "junit") return Format::junit;
    if (text == "json") return Format::json;
    wrong("--format: '" + text + "' is none of text, junit, json");
}

std::vector<std::string> words_of(std::string_view text) {
    std::vector<std::string> words;
    while (!text.empty()) {
        const std::size_t end = std::min(text.find(','), text.size());
        if (end > 0) words.emplace_back(text.substr(0, end));
        text.remove_prefix(std::min(end + 1, text.size()));
    }
    return words;
}

void reproduce(Options& options, const std::string& text) {
    const auto colon = text.rfind(':');
    if (colon == std::string::npos || colon == 0)
        wrong("--reproduce: '" + text + "' is not CHECK:SEED");
    options.reproduce = text.substr(0, colon);
    options.checks = {*options.reproduce};
    options.seed = number<std::uint64_t>("--reproduce", text.substr(colon + 1));
}

}  // namespace

Options read_options(const std::vector<std::string>& arguments) {
    Options options;
    using Take = std::function<void(const std::string&)>;
    const std::map<std::string, Take> with_value{
        {"--golden", [&](const auto& text) { options.golden = text; }},
        {"--replay", [&](const auto& text) { options.replay = text; }},
        {"--against", [&](const auto& text) { options.against = text; }},
        {"--checks", [&](const auto& text) { options.checks = words_of(text); }},
        {"--format", [&](const auto& text) { options.format = format_of(text); }},
        {"--seed", [&](const auto& text) { options.seed = number<std::uint64_t>("--seed", text); }},
        {"--reproduce", [&](const auto& text) { reproduce(options, text); }},
        {"--fuzz-seconds", [&](const auto& text) {
             options.fuzz_seconds = number<double>("--fuzz-seconds", text);
             if (*options.fuzz_seconds < 0 || *options.fuzz_seconds > 1e6)
                 wrong("--fuzz-seconds: 0 to 1000000");
         }}};
    const std::map<std::string, bool*> flags{
        {"--list", &options.list},
        {"--update", &options.update},
        {"--in-process", &options.in_process},
        {"--help", &options.help},
        {"--version", &options.version},
        {"--transcripts", &options.transcripts}};
    for (std::size_t i = 0; i < arguments.size(); ++i) {
        const std::string& word = arguments[i];
        if (const auto flag = flags.find(word); flag != flags.end()) {
            *flag->second = true;
        } else if (const auto take = with_value.find(word); take != with_value.end()) {
            if (++i == arguments.size()) wrong(word + " needs a value");
            take->second(arguments[i]);
        } else if (word.starts_with("--")) {
            wrong("unknown option " + word);
        } else if (!options.plugin.empty()) {
            wrong("one connector at a time: " + word + " is the second");
        } else {
            options.plugin = word;
        }
    }
    if (options.list || options.help || options.version) return options;
    if (options.plugin.empty()) wrong("which connector?");
    if (options.golden && options.replay) wrong("--golden and --replay exclude each other");
    if (options.update && !options.golden) wrong("--update needs --golden: where to write");
    return options;
}

}  // namespace trunkline::conform
