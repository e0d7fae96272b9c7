#pragma once

#include <map>
#include <mutex>
#include <optional>
#include <string>

#include <boost/json/object.hpp>

#include "host/base/result.hpp"
#include "host/store/store.hpp"

namespace trunkline::reload {

/// What is remembered of a connector over restarts.
struct Entry {
    bool disabled = false;       ///< by a person
    std::string refused;         ///< digest of a file that was taken back: it is not loaded again
    std::string pinned;          ///< the highest version that served
    std::string allowed;         ///< digest of an older file that a person let in all the same
    boost::json::object accept;  ///< the acceptance recipe of its last manifest; empty = none
    bool operator==(const Entry&) const = default;
};

/// The connectors' entries, in the store. Reading `[any]`; changing blocks: control thread only.
class Book {
public:
    /// Fails with `storage`; a damaged row is logged and left out.
    static Result<std::unique_ptr<Book>> open(store::Store& store);

    Entry of(const std::string& connector) const;

    /// Durable when it returns. A failure is logged: the connector goes on, but a restart may not
    /// know of it.
    void keep(const std::string& connector, const Entry& entry);

private:
    explicit Book(store::Store& store) : store_{store} {}

    store::Store& store_;
    mutable std::mutex mutex_;  // guards entries_; held for copies
    std::map<std::string, Entry> entries_;
};

}  // namespace trunkline::reload
