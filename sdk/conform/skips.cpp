#include "skips.hpp"

#include <ctime>
#include <fstream>
#include <sstream>
#include <stdexcept>

#include <trunkline/json.hpp>

namespace trunkline::conform {
namespace {

bool is_date(std::string_view text) {
    if (text.size() != 10) return false;
    for (std::size_t i = 0; i < text.size(); ++i) {
        const bool dash = i == 4 || i == 7;
        if (dash ? text[i] != '-' : (text[i] < '0' || text[i] > '9')) return false;
    }
    const auto month = text.substr(5, 2), day = text.substr(8, 2);
    return month >= "01" && month <= "12" && day >= "01" && day <= "31";
}

std::vector<std::string> words_at(const json::value& from, std::string_view key) {
    std::vector<std::string> words;
    for (const json::value& each : list_at(from, key)) {
        if (each.is_string()) words.emplace_back(each.get_string());
    }
    return words;
}

}  // namespace

Exceptions read_exceptions(const std::filesystem::path& file) {
    Exceptions exceptions;
    std::ifstream stream{file};
    if (!stream) return exceptions;
    std::stringstream text;
    text << stream.rdbuf();
    const auto fail = [&](const std::string& why) {
        throw std::runtime_error{file.string() + ": " + why};
    };
    const auto read = parsed(text.str());
    if (!read || !read->is_object()) fail("not a JSON object");
    for (const auto& [key, value] : read->get_object()) {
        if (key != "skip" && key != "allow_imports" && key != "allow_needed")
            fail("unknown member \"" + std::string{key} + "\"");
        if (!value.is_array()) fail("\"" + std::string{key} + "\" is a list");
    }
    std::size_t index = 0;
    for (const json::value& each : list_at(*read, "skip")) {
        const std::string place = "skip[" + std::to_string(index++) + "]";
        Skip skip{
            std::string{text_at(each, "check")},
            std::string{text_at(each, "reason")},
            std::string{text_at(each, "until")}};
        if (skip.check.empty()) fail(place + ": which \"check\"?");
        if (skip.reason.empty()) fail(place + ": \"reason\" is missing: why is it skipped?");
        if (!is_date(skip.until)) fail(place + ": \"until\" is the last day, written 2026-12-31");
        exceptions.skips.push_back(std::move(skip));
    }
    exceptions.allow_imports = words_at(*read, "allow_imports");
    exceptions.allow_needed = words_at(*read, "allow_needed");
    return exceptions;
}

std::string today() {
    const std::time_t now = std::time(nullptr);
    std::tm parts{};
    gmtime_r(&now, &parts);
    char text[16];
    std::strftime(text, sizeof text, "%Y-%m-%d", &parts);
    return text;
}

}  // namespace trunkline::conform
