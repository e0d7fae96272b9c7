#pragma once

#include <map>
#include <memory>
#include <string_view>
#include <vector>

#include "host/accounts/account.hpp"
#include "host/accounts/portal.hpp"

namespace trunkline::accounts {

/// Who is there. Filled by main before the host accepts anything, unchanged afterwards, so that
/// looking up needs no lock.
class Directory {
public:
    void add(std::shared_ptr<Portal> portal) { portals_[portal->id.text()] = std::move(portal); }
    void add(std::shared_ptr<Account> account) {
        accounts_[account->id.text()] = std::move(account);
    }

    std::shared_ptr<Portal> portal(std::string_view id) const { return find(portals_, id); }
    std::shared_ptr<Account> account(std::string_view id) const { return find(accounts_, id); }

    const std::map<std::string, std::shared_ptr<Portal>, std::less<>>& portals() const noexcept {
        return portals_;
    }
    const std::map<std::string, std::shared_ptr<Account>, std::less<>>& accounts() const noexcept {
        return accounts_;
    }

private:
    template <class Map>
    static typename Map::mapped_type find(const Map& map, std::string_view id) {
        const auto at = map.find(id);
        return at == map.end() ? nullptr : at->second;
    }

    std::map<std::string, std::shared_ptr<Portal>, std::less<>> portals_;
    std::map<std::string, std::shared_ptr<Account>, std::less<>> accounts_;
};

}  // namespace trunkline::accounts
