#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <initializer_list>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include <boost/json/object.hpp>
#include <yaml-cpp/yaml.h>

#include "host/config/config.hpp"

namespace trunkline::config {

/// `${` and `}` around a variable's name, as marked before the text is parsed (U+E000 and U+E001).
inline constexpr std::string_view kVariableOpen = "$\xEE\x80\x80";
inline constexpr std::string_view kVariableClose = "\xEE\x80\x81";

/// What a reading collects besides values.
struct Reading {
    std::string file;
    const Environment* environment = nullptr;  ///< null while describing, and from outside
    std::vector<Problem> problems;
    std::vector<Described>* described =
        nullptr;                      ///< set while describing: nothing is read, keys are listed
    bool readable_by_others = false;  ///< of the file: literal secrets then deserve a warning
    /// It came in a request: nothing of this host's environment or files gets into it.
    bool from_outside = false;
};

/// Binds the keys of one YAML map to the members of one struct. Every key is named exactly once,
/// with its type, range and one line of description; from these calls come parsing, all checks,
/// "did you mean" and the reference page.
class Section {
public:
    Section(Reading& reading, YAML::Node node, std::string path);
    ~Section();  ///< reports unknown and repeated keys
    Section(const Section&) = delete;
    Section& operator=(const Section&) = delete;

    bool has(const char* key);
    bool describing() const noexcept { return reading_.described != nullptr; }

    void text(const char* key, std::string& out, const char* about, bool required = false);
    void one_of(
        const char* key,
        std::string& out,
        std::initializer_list<const char*> words,
        const char* about
    );
    void boolean(const char* key, bool& out, const char* about);
    void number(
        const char* key, std::uint64_t& out, std::uint64_t min, std::uint64_t max, const char* about
    );
    void duration(
        const char* key, milliseconds& out, milliseconds min, milliseconds max, const char* about
    );
    void size(
        const char* key, std::uint64_t& out, std::uint64_t min, std::uint64_t max, const char* about
    );
    /// `check` says what is wrong with an entry, or "".
    void texts(
        const char* key,
        std::vector<std::string>& out,
        const char* about,
        const std::function<std::string(const std::string&)>& check = nullptr
    );
    /// A text, or `{file: path}` whose first line is taken.
    void secret(const char* key, Secret& out, const char* about, bool required = false);
    /// Any YAML as JSON; plain scalars become numbers, booleans or null as YAML's core schema says.
    /// `written` is told how each of its keys stood there.
    void object(
        const char* key,
        boost::json::object& out,
        const char* about,
        std::map<std::string, Written>* written = nullptr
    );
    void section(const char* key, const char* about, const std::function<void(Section&)>& bind);
    /// A scalar (handed to `scalar`) or a map (handed to `bind`).
    void either(
        const char* key,
        const char* about,
        const std::function<void(const std::string&)>& scalar,
        const std::function<void(Section&)>& bind
    );
    void list(const char* key, const char* about, const std::function<void(Section&)>& bind);
    /// Every member of a map with free keys.
    void members(
        const char* key,
        const char* about,
        const std::function<void(const std::string&, Section&)>& bind
    );
    /// Takes the keys nobody has named so far, as JSON.
    boost::json::object rest();

    /// Every scalar below, by its full name, with a digest of its text that this process
    /// understands.
    std::map<std::string, std::size_t> digests() const;

    Place place() const;
    Place place_of(const char* key);
    std::string path_of(const std::string& key) const;
    void problem(
        const char* key, std::string text
    );  ///< at the key, or at the section when the key is absent
    void warn(const char* key, std::string text);
    void not_in_this_version(const char* key, const std::string& what);

private:
    YAML::Node find(const char* key);
    bool scalar(const char* key, std::string& out, const char* expected);
    std::string text_of(const YAML::Node& node, const std::string& key);
    std::string expand(
        const YAML::Node& node,
        const std::string& key,
        const std::string& raw,
        bool* from_environment
    );
    void add(
        const YAML::Node& node, const std::string& key, std::string text, bool warning = false
    );
    void describe(
        const std::string& key, const char* type, std::string fallback, const char* about
    );
    boost::json::value to_json(const YAML::Node& node, const std::string& key, int depth);

    Reading& reading_;
    YAML::Node node_;
    std::string path_;
    std::vector<std::string> known_;
};

}  // namespace trunkline::config
