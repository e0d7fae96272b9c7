#include "host/trunkctl/fidelity.hpp"

#include <boost/json.hpp>

#include "host/trunkctl/connector_file.hpp"

namespace trunkline::trunkctl {

namespace json = boost::json;

namespace {

constexpr std::string_view kBegin = "<!-- fidelity -->\n";
constexpr std::string_view kEnd = "<!-- /fidelity -->";

}  // namespace

Result<std::vector<universal::Fidelity>> fidelity_of_file(const std::string& file) {
    const auto connector = read_connector(file);
    if (!connector) return connector.error();
    boost::system::error_code bad;
    const auto manifest = json::parse(connector->manifest, bad);
    if (bad || !manifest.is_object())
        return Error{Fault::malformed, file + ": its manifest is no JSON object"};
    auto rows = universal::fidelity_of(manifest.get_object());
    if (!rows) return Error{Fault::malformed, file + ": " + rows.error().context};
    return rows;
}

Result<std::string> with_table(const std::string& text, const std::string& table) {
    const auto begin = text.find(kBegin);
    const auto end = begin == std::string::npos ? begin : text.find(kEnd, begin);
    if (end == std::string::npos)
        return Error{
            Fault::malformed, "there are no lines <!-- fidelity --> and <!-- /fidelity --> in it"};
    return text.substr(0, begin + kBegin.size()) + '\n' + table + '\n' + text.substr(end);
}

}  // namespace trunkline::trunkctl
