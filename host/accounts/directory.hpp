#pragma once

#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>

#include "host/accounts/account.hpp"
#include "host/accounts/portal.hpp"

namespace trunkline::accounts {

/// Who is there. Portals and accounts come and go while the host runs: each change makes another
/// table, and whoever looks holds on to the one he found. `[any]`
class Directory {
    template <class Entry>
    using Map = std::map<std::string, std::shared_ptr<Entry>, std::less<>>;

public:
    /// A table as it is now; what comes later is not in it. Holds it for as long as it lives
    /// itself.
    template <class Entry>
    class View {
    public:
        explicit View(std::shared_ptr<const Map<Entry>> map) : map_{std::move(map)} {}
        auto begin() const { return map_->begin(); }
        auto end() const { return map_->end(); }
        auto upper_bound(std::string_view id) const { return map_->upper_bound(id); }
        std::size_t size() const { return map_->size(); }

    private:
        std::shared_ptr<const Map<Entry>> map_;
    };

    void add(std::shared_ptr<Portal> portal) { put(portals_, std::move(portal)); }
    void add(std::shared_ptr<Account> account) { put(accounts_, std::move(account)); }
    /// That one only: another of its id stays.
    void remove(const std::shared_ptr<Account>& account) {
        const std::lock_guard lock{mutex_};
        auto next = std::make_shared<Map<Account>>(*accounts_);
        const auto found = next->find(account->id.text());
        if (found == next->end() || found->second != account) return;
        next->erase(found);
        accounts_ = std::move(next);
    }

    std::shared_ptr<Portal> portal(std::string_view id) const { return find(*now(portals_), id); }
    std::shared_ptr<Account> account(std::string_view id) const {
        return find(*now(accounts_), id);
    }

    View<Portal> portals() const { return View<Portal>{now(portals_)}; }
    View<Account> accounts() const { return View<Account>{now(accounts_)}; }

private:
    template <class Entry>
    using Table = std::shared_ptr<const Map<Entry>>;

    template <class Entry>
    Table<Entry> now(const Table<Entry>& table) const {
        const std::lock_guard lock{mutex_};
        return table;
    }

    template <class Entry>
    void put(Table<Entry>& table, std::shared_ptr<Entry> entry) {
        const std::lock_guard lock{mutex_};
        auto next = std::make_shared<Map<Entry>>(*table);
        const std::string id = entry->id.text();
        (*next)[id] = std::move(entry);
        table = std::move(next);
    }

    template <class Entry>
    static std::shared_ptr<Entry> find(const Map<Entry>& map, std::string_view id) {
        const auto at = map.find(id);
        return at == map.end() ? nullptr : at->second;
    }

    mutable std::mutex mutex_;  // guards both tables; whoever looks holds it to copy a pointer
    Table<Portal> portals_ = std::make_shared<const Map<Portal>>();
    Table<Account> accounts_ = std::make_shared<const Map<Account>>();
};

}  // namespace trunkline::accounts
