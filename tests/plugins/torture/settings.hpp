#pragma once

#include <string>

#include <trunkline/connector.hpp>

namespace trunkline::torture {

/// What an instance knows from the start; never changes.
struct Settings {
    bool application = false;
    std::string base_url, token, app_secret;

    static Settings read(const Setup& setup) {
        const auto account = parsed(setup.settings);
        const auto connector = parsed(setup.connector);
        if (!account || !connector) throw BadConfig{"settings are not JSON"};
        Settings settings;
        settings.application = setup.scope == Scope::connector;
        settings.base_url = text_at(*account, "base_url");
        settings.token = text_at(*account, "token");
        settings.app_secret = text_at(*connector, "app_secret");
        if (settings.application && settings.app_secret.empty())
            throw BadConfig{"app_secret is missing"};
        if (!settings.application && settings.base_url.empty())
            throw BadConfig{"base_url is missing"};
        return settings;
    }
};

}  // namespace trunkline::torture
