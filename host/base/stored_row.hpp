#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include <boost/json/object.hpp>

#include "host/base/result.hpp"

namespace trunkline {

/// Reads a stored row whose value is a JSON object of ours. Nothing here throws: a row that a
/// damaged disk or another version left behind is an error which names it, not the end of the host.
/// Read every field, then ask `whole`. `[any]`
class StoredRow {
public:
    /// `name`: table and key, for the error's text; never shown with a value.
    StoredRow(std::string name, std::string_view json);

    /// "", 0, false or {} when the field is absent or of another type; `whole` tells.
    std::string text(std::string_view field);
    std::int64_t number(std::string_view field);
    bool flag(std::string_view field);
    boost::json::object object(std::string_view field);
    bool has(std::string_view field) const { return object_.contains(field); }

    /// `storage`: the row, and the first field that could not be read.
    Result<void> whole() const;

private:
    void blame(std::string_view what);

    std::string name_;
    boost::json::object object_;
    std::string trouble_;
};

}  // namespace trunkline
