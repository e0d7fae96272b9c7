#pragma once

#include <cstddef>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "trunkline/simulator/parameters.hpp"
#include "trunkline/simulator/refusal.hpp"

/// What a method may be given, as a table. A simulator that takes what the messenger refuses proves
/// nothing, so every method has its rules, and each fault is told in the messenger's own words.
namespace trunkline::simulator {

enum class Type {
    text,     ///< length in the messenger's unit
    integer,  ///< whole; `min` and `max` are its bounds
    number,
    boolean,
    object,  ///< `inside` are the rules of its members
    list,    ///< of objects when `inside` is given; `min` and `max` count its elements
    file,    ///< uploaded with the call, or a text that names one
    name,    ///< a whole number or a text: ids that may be written as @name
};

struct Rule;
using Rules = std::vector<Rule>;

/// One parameter, or one member of an object.
struct Rule {
    std::string_view name;
    Type type = Type::text;
    bool required = false;  ///< in a `group`: one of the group is
    std::int64_t min = 0;
    std::int64_t max = 0;           ///< 0 = no bound above
    std::string_view group = {};    ///< of parameters with the same one, at most one is given
    const Rules* inside = nullptr;  ///< owned by the table, which lives as long as the program
    std::string_view values = {};   ///< "a|b|c": the only texts that are taken
};

/// By method, in lower case.
using RuleBook = std::map<std::string, Rules, std::less<>>;

/// What is wrong with one parameter.
struct Finding {
    enum class What {
        missing,
        wrong_type,
        too_short,
        too_long,
        too_small,
        too_large,
        too_few,   ///< elements of a list
        too_many,  ///< elements of a list, or members of one group
        wrong_value,
        not_utf8,
    };
    What what = What::missing;
    std::string method;
    const Rule* rule = nullptr;
    std::string path;  ///< "media[1].type"
};

/// What only the messenger can say to a check.
class RuleWords {
public:
    virtual ~RuleWords() = default;
    virtual Refusal wrong(const Finding& finding) const = 0;
    /// How long a text is for this messenger: UTF-16 units unless it counts otherwise.
    virtual std::size_t length(std::string_view text) const;
};

/// The first thing that is wrong, in the order of the rules. Pure.
std::optional<Refusal> check(
    const std::string& method, const Rules& rules, const Parameters& given, const RuleWords& words
);
/// The same for an object that came inside of a call; `path` names it.
std::optional<Refusal> check(
    const std::string& method,
    const std::string& path,
    const Rules& rules,
    const json::object& given,
    const RuleWords& words
);

/// What was given although no rule names it: ignored by most messengers, and often a slip.
std::vector<std::string> unknown_names(const Rules& rules, const Parameters& given);

bool is_utf8(std::string_view text) noexcept;
std::size_t utf16_length(std::string_view text) noexcept;

}  // namespace trunkline::simulator
