#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "trunkline/simulator/http.hpp"

namespace trunkline::simulator {

/// A file sent along with a call.
struct Upload {
    std::string filename, mime, bytes;
};

/// What a call was given, however it was encoded: query, form, JSON or multipart. A value.
class Parameters {
public:
    /// None when the body is not what its Content-Type says.
    static std::optional<Parameters> read(const Request& request);
    static Parameters of(json::object values);

    bool has(std::string_view name) const { return values_.contains(name); }
    std::string text(std::string_view name) const;  ///< "" when absent
    std::optional<std::int64_t> integer(std::string_view name
    ) const;  ///< also when it was a text of digits
    std::optional<double> number(std::string_view name) const;
    bool boolean(std::string_view name) const;  ///< true, "true", "True", 1
    /// An object or list; in the form encodings it came as JSON text. None: absent or not JSON.
    std::optional<json::value> structure(std::string_view name) const;
    const json::value* raw(std::string_view name) const;  ///< as it came; null when absent
    const Upload* upload(std::string_view name) const;

    std::vector<std::string> names() const;  ///< of everything that was given
    json::object as_json() const;            ///< for the journal; uploads as their sizes

private:
    bool read_multipart(std::string_view boundary, std::string_view body);
    void read_form(std::string_view text);

    std::map<std::string, json::value, std::less<>> values_;
    std::map<std::string, Upload, std::less<>> uploads_;
};

}  // namespace trunkline::simulator
