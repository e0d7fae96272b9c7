#pragma once

#include <charconv>
#include <concepts>
#include <cstdint>
#include <string>
#include <string_view>

#include <boost/json/value.hpp>

#include "host/base/clock.hpp"

/// Writing JSON straight into a string. Only for the sources of this folder.
namespace trunkline::universal {

void append_json_string(std::string_view text, std::string& out);  ///< quoted and escaped
void append_json_time(WallMs ms, std::string& out);  ///< quoted RFC 3339 with milliseconds

template <std::integral T>
void append_json_number(T value, std::string& out) {
    char digits[24];
    const auto end = std::to_chars(digits, digits + sizeof digits, value).ptr;
    out.append(digits, end);
}
void append_json_number(
    double value, std::string& out
);  ///< shortest form that reads back equal; must be finite

/// Any value, in the same hand: Boost.JSON's own prints 2.5 as 2.5E0, which surprises people.
void append_json_value(const boost::json::value& value, std::string& out);

/// One object being written, member by member. A resource for one function's duration.
class ObjectText {
public:
    explicit ObjectText(std::string& out) : out_{out} {}

    std::string& key(std::string_view name) {
        const char begin[] = {next_, '"'};
        next_ = ',';
        out_.append(begin, sizeof begin).append(name).append("\":", 2);
        return out_;
    }
    void text(std::string_view name, std::string_view value) {
        append_json_string(value, key(name));
    }
    void text_if(std::string_view name, std::string_view value) {
        if (!value.empty()) text(name, value);
    }
    template <class T>
    void number(std::string_view name, T value) {
        append_json_number(value, key(name));
    }
    template <std::integral T>
    void number_if(std::string_view name, T value) {
        if (value != 0) number(name, value);
    }
    void flag(std::string_view name, bool value) { key(name) += value ? "true" : "false"; }
    void flag_if(std::string_view name, bool value) {
        if (value) flag(name, true);
    }
    void time(std::string_view name, WallMs ms) { append_json_time(ms, key(name)); }

    /// The members of an object that is text already.
    void members_of(std::string_view object) {
        if (object.size() <= 2) return;
        out_ += next_;
        next_ = ',';
        out_ += object.substr(1, object.size() - 2);
    }
    void end() {
        if (next_ == '{') out_ += '{';
        out_ += '}';
    }

private:
    std::string& out_;
    char next_ = '{';
};

/// `[a,b]` of anything, one call of `write(item)` each.
template <class List, class Write>
void append_json_list(const List& list, std::string& out, const Write& write) {
    char next = '[';
    for (const auto& item : list) {
        out += next;
        next = ',';
        write(item);
    }
    if (next == '[') out += '[';
    out += ']';
}

}  // namespace trunkline::universal
