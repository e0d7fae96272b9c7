#pragma once

#include <atomic>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>

#include "host/accounts/account.hpp"
#include "host/accounts/portal.hpp"

namespace trunkline::accounts {

/// Who is there. Portals and accounts come and go while the host runs: a change that somebody could
/// see makes another table, so that whoever looks through one holds on to what he found. `[any]`
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
    void remove(const std::shared_ptr<Portal>& portal) { take(portals_, portal); }
    void remove(const std::shared_ptr<Account>& account) { take(accounts_, account); }

    std::shared_ptr<Portal> portal(std::string_view id) const { return find(portals_, id); }
    std::shared_ptr<Account> account(std::string_view id) const { return find(accounts_, id); }

    View<Portal> portals() const { return View<Portal>{now(portals_)}; }
    View<Account> accounts() const { return View<Account>{now(accounts_)}; }

private:
    template <class Entry>
    using Table = std::shared_ptr<Map<Entry>>;

    template <class Entry>
    std::shared_ptr<const Map<Entry>> now(const Table<Entry>& table) const {
        const std::lock_guard lock{mutex_};
        return table;
    }

    template <class Entry>
    std::shared_ptr<Entry> find(const Table<Entry>& table, std::string_view id) const {
        const std::lock_guard lock{mutex_};
        const auto at = table->find(id);
        return at == table->end() ? nullptr : at->second;
    }

    template <class Entry>
    void put(Table<Entry>& table, std::shared_ptr<Entry> entry) {
        std::string id = entry->id.text();
        const std::lock_guard lock{mutex_};
        own(table).insert_or_assign(std::move(id), std::move(entry));
    }

    template <class Entry>
    void take(Table<Entry>& table, const std::shared_ptr<Entry>& entry) {
        const std::lock_guard lock{mutex_};
        const auto found = table->find(entry->id.text());
        if (found == table->end() || found->second != entry) return;
        own(table).erase(entry->id.text());
    }

    /// The table to be written to: this one when nobody looks through it, since with copies a start
    /// with 100,000 portals would be quadratic; else a copy. With the mutex, without which nobody
    /// can come to it.
    template <class Entry>
    static Map<Entry>& own(Table<Entry>& table) {
        if (table.use_count() != 1)
            table = std::make_shared<Map<Entry>>(*table);
        else
            std::atomic_thread_fence(std::memory_order_acquire);  // the last one has finished
        return *table;
    }

    mutable std::mutex mutex_;  // guards both tables; held to look one up; to copy a table, when
                                // somebody looks through it
    Table<Portal> portals_ = std::make_shared<Map<Portal>>();
    Table<Account> accounts_ = std::make_shared<Map<Account>>();
};

}  // namespace trunkline::accounts
