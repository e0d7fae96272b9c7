#pragma once

#include <sstream>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <trunkline/json.hpp>
#include <trunkline/testing/golden.hpp>
#include <trunkline/testing/input.hpp>
#include <trunkline/text.hpp>

/// Golden cases in one text, as they travel inside of a connector (section kCasesSection) and as a
/// host writes what it has recorded. JSON Lines:
///
///     {"case":"webhook","account":{"settings":{...},"connector":{...},"scope":"account"}}
///     {"in":{...}}     an input, as in in.jsonl
///     {"out":{...}}    an effect, as in out.jsonl; a case may have none
namespace trunkline::inline face::testing {

/// The section of a connector's file that holds its cases. It is not mapped when the connector is.
inline constexpr std::string_view kCasesSection = ".trunkline.golden";

/// One line of in.jsonl. The clock is written down, so that a case does not depend on a host's.
inline json::object input_to_json(const Input& input) {
    json::object line;
    for (const KindName& each : kKindNames) {
        if (each.kind == input.kind) line["kind"] = each.name;
    }
    line["task"] = input.task;
    if (input.step != 0) line["step"] = input.step;
    if (input.at_ms != 0) line["at_ms"] = input.at_ms;
    if (input.status != 0) line["status"] = input.status;
    if ((input.flags & std::uint32_t{TL_INPUT_UNKNOWN}) != 0) line["unknown"] = true;
    if ((input.flags & std::uint32_t{TL_INPUT_TRUNCATED}) != 0) line["truncated"] = true;
    if (!input.headers.empty()) {
        json::object headers;
        for (const Header& header : input.headers)
            headers[header.name] = header.value;
        line["headers"] = std::move(headers);
    }
    const auto add = [&line](std::string_view name, const std::string& text) {
        if (!text.empty()) line[name] = text;
    };
    add("method", input.method);
    add("target", input.target);
    add("key", input.key);
    add("note", input.note);
    if (valid_utf8(input.body))
        add("body", input.body);
    else
        line["body_hex"] = hex_of(input.body);
    return line;
}

/// Reads a cases text. Throws std::runtime_error naming the line of what cannot be read.
inline std::vector<Golden> read_cases(std::string_view text) {
    std::vector<Golden> cases;
    std::size_t number = 0;
    while (!text.empty()) {
        const std::size_t end = std::min(text.find('\n'), text.size());
        const std::string_view line = text.substr(0, end);
        text.remove_prefix(std::min(end + 1, text.size()));
        ++number;
        if (line.empty()) continue;
        const auto fail = [&](const std::string& why) {
            throw std::runtime_error{"line " + std::to_string(number) + ": " + why};
        };
        const auto read = parsed(line);
        if (!read || !read->is_object()) fail("not a JSON object");
        if (const auto* name = member(*read, "case")) {
            if (!name->is_string()) fail("the name of a case is a text");
            Golden golden{};
            golden.folder = std::string{name->get_string()};
            if (const auto* account = member(*read, "account"))
                golden.account = account_from_json(*account);
            cases.push_back(std::move(golden));
            continue;
        }
        if (cases.empty()) fail("it stands before the first case");
        if (const auto* in = member(*read, "in")) {
            try {
                cases.back().inputs.push_back(input_from_json(json::serialize(*in)));
            } catch (const std::exception& error) {
                fail(error.what());
            }
        } else if (const auto* out = member(*read, "out")) {
            cases.back().expected.push_back(json::serialize(*out));
        } else {
            fail("neither a case nor an input nor an effect");
        }
    }
    return cases;
}

/// The text that read_cases() reads.
inline std::string write_cases(const std::vector<Golden>& cases) {
    std::string text;
    for (const Golden& golden : cases) {
        json::object account{
            {"settings", parsed(golden.account.settings).value_or(json::object{})},
            {"connector", parsed(golden.account.connector).value_or(json::object{})}};
        if (golden.account.scope == TL_CONNECTOR) account["scope"] = "connector";
        text += json::serialize(json::object{
                    {"case", golden.name()}, {"account", std::move(account)}}) +
                "\n";
        for (const Input& input : golden.inputs)
            text += json::serialize(json::object{{"in", input_to_json(input)}}) + "\n";
        for (const std::string& effect : golden.expected)
            text += "{\"out\":" + effect + "}\n";
    }
    return text;
}

}  // namespace trunkline::inline face::testing
