#include "host/trunkctl/table.hpp"

#include <algorithm>

#include <boost/json.hpp>

namespace trunkline::trunkctl {
namespace {

/// Terminal columns a text takes, near enough: one per code point.
std::size_t width(const std::string& text) {
    return static_cast<std::size_t>(std::count_if(text.begin(), text.end(), [](char c) {
        return (static_cast<unsigned char>(c) & 0xC0U) != 0x80U;
    }));
}

/// What came from outside must not move the cursor of whoever looks: C0 controls, DEL, and the C1
/// controls (U+0080 to U+009F), each become a space.
std::string harmless(std::string_view text) {
    std::string out;
    for (std::size_t i = 0; i < text.size(); ++i) {
        const auto byte = static_cast<unsigned char>(text[i]);
        const bool c1 =
            byte == 0xC2 && i + 1 < text.size() && static_cast<unsigned char>(text[i + 1]) < 0xA0;
        out += byte < 0x20 || byte == 0x7F || c1 ? ' ' : text[i];
        if (c1) ++i;
    }
    return out;
}

}  // namespace

std::string to_text(const boost::json::value& value) {
    if (value.is_null()) return "-";
    const auto* text = value.if_string();
    if (text == nullptr) return harmless(boost::json::serialize(value));
    const std::string out = harmless(*text);
    return out.empty() ? "-" : out;
}

std::string to_table(const boost::json::array& items, const std::vector<std::string>& columns) {
    std::vector<std::vector<std::string>> rows;
    std::vector<std::string> head;
    for (const std::string& column : columns) {
        std::string title = column;
        std::transform(title.begin(), title.end(), title.begin(), [](char c) {
            return c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c == '_' ? ' ' : c;
        });
        head.push_back(std::move(title));
    }
    rows.push_back(std::move(head));
    for (const auto& item : items) {
        std::vector<std::string> row;
        for (const std::string& column : columns) {
            const auto* value = item.as_object().if_contains(column);
            row.push_back(value == nullptr ? "-" : to_text(*value));
        }
        rows.push_back(std::move(row));
    }
    std::vector<std::size_t> widths(columns.size(), 0);
    for (const auto& row : rows) {
        for (std::size_t i = 0; i < row.size(); ++i)
            widths[i] = std::max(widths[i], width(row[i]));
    }
    std::string out;
    for (const auto& row : rows) {
        for (std::size_t i = 0; i < row.size(); ++i) {
            out += row[i];
            if (i + 1 < row.size()) out.append(widths[i] - width(row[i]) + 2, ' ');
        }
        out += '\n';
    }
    return out;
}

}  // namespace trunkline::trunkctl
