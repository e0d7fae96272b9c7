#pragma once

#include <chrono>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

namespace trunkline::reload {

/// The folder of connectors as it changes. A change counts once its file has been still for a
/// moment and is whole, so that a copy in the making is not taken for a connector. One thread.
class Folder {
public:
    using Time = std::chrono::steady_clock::time_point;

    struct Change {
        std::string file;  ///< whole path
        bool gone = false;
    };

    explicit Folder(std::string directory) : directory_{std::move(directory)} {}

    /// Takes what is there for known.
    void learn();

    /// What has changed since, and is settled at `now`.
    std::vector<Change> look(Time now);

    /// Something has changed that is not settled yet: it is worth looking again soon.
    bool unsettled() const noexcept { return unsettled_; }

private:
    /// Tells two contents of a file apart without reading them.
    struct Facts {
        std::uint64_t device = 0, inode = 0, size = 0;
        std::int64_t modified_ns = 0, changed_ns = 0;
        bool operator==(const Facts&) const = default;
    };
    /// A connector's file and its signature; gone when the connector is.
    struct Seen {
        Facts library, signature;
        bool operator==(const Seen&) const = default;
    };
    struct State {
        Seen known;  ///< as told last; no library = gone
        Seen latest;
        Time since;  ///< of `latest`
    };

    /// None when the folder cannot be read now, which says nothing about its files.
    std::optional<std::map<std::string, Seen>> scan() const;

    std::string directory_;
    std::map<std::string, State> files_;
    bool unsettled_ = false;
    mutable bool unread_ = false;  ///< said once, not every second
};

}  // namespace trunkline::reload
