#include "report.hpp"

#include <algorithm>
#include <cstdio>

#include <trunkline/json.hpp>

#include "runs.hpp"

namespace trunkline::conform {
namespace {

std::string_view name_of(Verdict verdict) {
    switch (verdict) {
        case Verdict::passed:
            return "passed";
        case Verdict::failed:
            return "failed";
        case Verdict::skipped:
            return "skipped";
        case Verdict::not_applicable:
            return "not applicable";
    }
    return "failed";
}

std::string_view name_of(Severity severity) {
    return severity == Severity::error ? "error" : "warning";
}

std::string number(double value) {
    char text[32];
    std::snprintf(text, sizeof text, value < 100 ? "%.3g" : "%.0f", value);
    return text;
}

std::string figures_of(const Result& result) {
    std::string text;
    for (const auto& [name, value] : result.figures)
        text += (text.empty() ? "  " : ", ") + name + " " + number(value);
    return text;
}

std::string how_to_repeat(const Result& result) {
    return "--reproduce " + std::string{result.check->id} + ":" + std::to_string(result.seed);
}

std::string as_text(const Report& report) {
    std::string text = report.connector + ": " + std::to_string(report.cases) + " cases, seed " +
                       std::to_string(report.seed) + "\n";
    for (const Result& each : report.results) {
        const bool failed = each.verdict == Verdict::failed;
        const bool warning = failed && each.check->severity == Severity::warning;
        std::string line = "  ";
        line += warning                            ? "warn  "
                : failed                           ? "FAIL  "
                : each.verdict == Verdict::passed  ? "ok    "
                : each.verdict == Verdict::skipped ? "skip  "
                                                   : "n/a   ";
        line += each.check->id;
        line += figures_of(each);
        if (!failed && !each.remark.empty()) line += "  (" + each.remark + ")";
        text += line + "\n";
        if (!failed) continue;
        text += "    rule: " + std::string{each.check->rule} + "\n";
        for (const std::string& fault : each.faults)
            text += "    " + fault + "\n";
        text += "    see " + link_of(*each.check) + "; again with " + how_to_repeat(each) + "\n";
    }
    text += report.ok() ? "conforms" : "does not conform";
    for (const Verdict verdict :
         {Verdict::passed, Verdict::failed, Verdict::skipped, Verdict::not_applicable}) {
        const std::size_t count = report.count(verdict);
        if (count > 0) text += ", " + std::to_string(count) + " " + std::string{name_of(verdict)};
    }
    return text + "\n";
}

std::string as_json(const Report& report) {
    json::array results;
    for (const Result& each : report.results) {
        json::array faults;
        for (const std::string& fault : each.faults)
            faults.emplace_back(fault);
        json::object figures;
        for (const auto& [name, value] : each.figures)
            figures[name] = value;
        results.push_back(json::object{
            {"check", each.check->id},
            {"verdict", name_of(each.verdict)},
            {"severity", name_of(each.check->severity)},
            {"rule", each.check->rule},
            {"link", link_of(*each.check)},
            {"seconds", each.seconds},
            {"seed", each.seed},
            {"faults", std::move(faults)},
            {"figures", std::move(figures)},
            {"remark", each.remark}});
    }
    return json::serialize(json::object{
               {"connector", report.connector},
               {"seed", report.seed},
               {"cases", report.cases},
               {"conforms", report.ok()},
               {"results", std::move(results)}}) +
           "\n";
}

std::string escaped(std::string_view text) {
    std::string out;
    for (const char c : text) {
        if (c == '&')
            out += "&amp;";
        else if (c == '<')
            out += "&lt;";
        else if (c == '>')
            out += "&gt;";
        else if (c == '"')
            out += "&quot;";
        else if (static_cast<unsigned char>(c) < 0x20 && c != '\n' && c != '\t')
            out += '?';
        else
            out += c;
    }
    return out;
}

std::string as_junit(const Report& report) {
    std::string text =
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuite name=\"" +
        escaped(report.connector) + "\" tests=\"" + std::to_string(report.results.size()) +
        "\" failures=\"" + std::to_string(report.count(Verdict::failed)) + "\" skipped=\"" +
        std::to_string(report.count(Verdict::skipped) + report.count(Verdict::not_applicable)) +
        "\">\n";
    for (const Result& each : report.results) {
        const auto dot = each.check->id.find('.');
        text += "  <testcase classname=\"" + escaped(each.check->id.substr(0, dot)) + "\" name=\"" +
                escaped(each.check->id.substr(dot + 1)) + "\" time=\"" + number(each.seconds) +
                "\"";
        if (each.verdict == Verdict::passed) {
            text += "/>\n";
            continue;
        }
        text += ">\n";
        if (each.verdict == Verdict::failed) {
            std::string faults;
            for (const std::string& fault : each.faults)
                faults += fault + "\n";
            faults += "see " + link_of(*each.check) + "; again with " + how_to_repeat(each);
            text += "    <failure message=\"" + escaped(each.check->rule) + "\">" +
                    escaped(faults) + "</failure>\n";
        } else {
            text += "    <skipped message=\"" + escaped(each.remark) + "\"/>\n";
        }
        text += "  </testcase>\n";
    }
    return text + "</testsuite>\n";
}

}  // namespace

std::size_t Report::count(Verdict verdict) const noexcept {
    return static_cast<std::size_t>(std::ranges::count(results, verdict, &Result::verdict));
}

bool Report::ok() const noexcept {
    return std::ranges::none_of(results, [](const Result& each) {
        return each.verdict == Verdict::failed && each.check->severity == Severity::error;
    });
}

std::string link_of(const Check& check) {
    return "docs/connectors/reference/conformance.md#" + std::string{check.id};
}

std::string written(const Report& report, Format format) {
    switch (format) {
        case Format::junit:
            return as_junit(report);
        case Format::json:
            return as_json(report);
        case Format::text:
            break;
    }
    return as_text(report);
}

std::string written(const std::vector<Check>& checks, Format format) {
    if (format == Format::json) {
        json::array list;
        for (const Check& each : checks) {
            list.push_back(json::object{
                {"check", each.id},
                {"severity", name_of(each.severity)},
                {"rule", each.rule},
                {"link", link_of(each)}});
        }
        return json::serialize(list) + "\n";
    }
    std::string text;
    for (const Check& each : checks) {
        std::string line{each.id};
        line.resize(std::max<std::size_t>(line.size() + 1, 34), ' ');
        text += line + (each.severity == Severity::error ? "error    " : "warning  ");
        text += std::string{each.rule} + "\n";
    }
    return text;
}

}  // namespace trunkline::conform
