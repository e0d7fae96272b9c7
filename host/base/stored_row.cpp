#include "host/base/stored_row.hpp"

#include <boost/json/parse.hpp>

namespace trunkline {

StoredRow::StoredRow(std::string name, std::string_view json) : name_{std::move(name)} {
    boost::system::error_code bad;
    boost::json::value value = boost::json::parse(json, bad);
    if (!bad && value.is_object())
        object_ = std::move(value.as_object());
    else
        blame("no JSON object");
}

std::string StoredRow::text(std::string_view field) {
    const auto* value = object_.if_contains(field);
    if (value != nullptr && value->is_string()) return std::string{value->get_string()};
    blame(field);
    return {};
}

std::int64_t StoredRow::number(std::string_view field) {
    const auto* value = object_.if_contains(field);
    boost::system::error_code bad;
    const auto number = value != nullptr ? value->to_number<std::int64_t>(bad) : 0;
    if (value != nullptr && !bad) return number;
    blame(field);
    return 0;
}

bool StoredRow::flag(std::string_view field) {
    const auto* value = object_.if_contains(field);
    if (value != nullptr && value->is_bool()) return value->get_bool();
    blame(field);
    return false;
}

boost::json::object StoredRow::object(std::string_view field) {
    const auto* value = object_.if_contains(field);
    if (value != nullptr && value->is_object()) return value->get_object();
    blame(field);
    return {};
}

Result<void> StoredRow::whole() const {
    if (trouble_.empty()) return {};
    return Error{Fault::storage, "stored row " + name_ + " is damaged: " + trouble_};
}

void StoredRow::blame(std::string_view what) {
    if (trouble_.empty()) trouble_ = what;
}

}  // namespace trunkline
