#include "host/connector_review.hpp"

#include <algorithm>

#include "host/account_settings.hpp"
#include "host/config/forms.hpp"
#include "host/config/units.hpp"
#include "host/plugins/notes.hpp"

namespace trunkline {
namespace {

using Found = std::vector<plugins::FoundFile>;
using Problems = std::vector<config::Problem>;

/// Why a connector cannot serve, or "".
std::string wrong_with(const std::string& id, const Found& found, const std::string& directory) {
    const auto file = std::ranges::find(found, id, &plugins::FoundFile::id);
    if (file != found.end())
        return file->error ? id + ".so cannot be used: " + file->error->context : "";
    std::string text = "no connector is called \"" + id + "\" in " + directory;
    const plugins::FoundFile* nearest = nullptr;
    for (const plugins::FoundFile& other : found) {
        if (other.error) continue;
        if (nearest == nullptr ||
            config::distance(other.id, id) < config::distance(nearest->id, id))
            nearest = &other;
    }
    if (nearest != nullptr &&
        config::distance(nearest->id, id) <= std::max<std::size_t>(2, id.size() / 2))
        text += "; did you mean \"" + nearest->id + "\"?";
    return text;
}

void review_settings(
    config::Account& account,
    const std::string& path,
    const boost::json::object& manifest,
    Problems& problems
) {
    const std::vector<Setting> declared = settings_of(manifest);
    take_declared_forms(account, declared);
    for (const SettingProblem& wrong : judge_settings(account.settings, declared)) {
        const auto written = account.written.find(wrong.key);
        const config::Place place = written == account.written.end() ? account.settings_place
                                    : wrong.kind == SettingProblem::Kind::unknown
                                        ? written->second.key
                                        : written->second.value;
        problems.push_back({place, path + ".settings." + wrong.key, wrong.text, false});
    }
    for (const Setting& setting : declared) {
        const auto written = account.written.find(setting.key);
        if (!setting.secret || written == account.written.end() || !written->second.exposed)
            continue;
        problems.push_back(
            {written->second.value,
             path + ".settings." + setting.key,
             "a literal secret in a file that others can read; use ${NAME}, {file: path} or chmod "
             "600",
             true}
        );
    }
}

void review(Occasion occasion, config::Config& config, Problems& problems) {
    if (config.accounts.empty() && config.connectors.empty()) return;
    const std::string& directory = config.plugins.directory;
    const auto found = plugins::read_notes(
        directory,
        plugins::CatalogueOptions{}.file_bytes_max,
        {config.plugins.require_signature, config.plugins.trusted_keys}
    );
    if (!found) {
        problems.push_back(
            {config.plugins.place,
             "plugins.directory",
             directory + " cannot be read (" + found.error().context +
                 "): connectors and settings are not checked",
             true}
        );
        return;
    }
    for (std::size_t i = 0; i < config.accounts.size(); ++i) {
        config::Account& account = config.accounts[i];
        if (!config::is_connector(account.connector)) continue;
        const std::string path = "accounts[" + std::to_string(i) + "]";
        if (const auto wrong = wrong_with(account.connector, *found, directory); !wrong.empty()) {
            problems.push_back(
                {account.connector_place, path + ".connector", wrong, occasion == Occasion::start}
            );
            continue;
        }
        const auto file = std::ranges::find(*found, account.connector, &plugins::FoundFile::id);
        review_settings(account, path, file->manifest.json, problems);
    }
    for (const config::Connector& connector : config.connectors) {
        if (!config::is_connector(connector.id)) continue;
        if (const auto wrong = wrong_with(connector.id, *found, directory); !wrong.empty())
            problems.push_back({connector.place, "connectors." + connector.id, wrong, true});
    }
}

}  // namespace

config::Review connector_review(Occasion occasion) {
    return [occasion](config::Config& config, Problems& problems) {
        review(occasion, config, problems);
    };
}

}  // namespace trunkline
