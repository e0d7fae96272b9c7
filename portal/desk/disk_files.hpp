#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include "host/async/blocking_pool.hpp"
#include "host/base/clock.hpp"
#include "host/net/server.hpp"
#include "portal/store/files.hpp"

namespace trunkline::portal::desk {

/// The bytes of files that operators send, under their ids in one folder (0700). Belongs to one
/// loop; disk work goes to the pool. Owner: main.
class DiskFiles {
public:
    /// Makes the folder. `storage` names it and the system's reason.
    static Result<DiskFiles> open(std::string folder, async::BlockingPool& pool);

    const std::string& folder() const { return folder_; }

    /// Reads an upload to its end, on disk and synced. Nothing stays behind after a failure.
    async::Awaitable<Result<store::OwnFile>> take(net::BodyReader& reader, store::OwnFile file);

    /// `range` as in the request ("bytes=0-99"); one range, anything else is answered whole (RFC
    /// 9110 14.2).
    async::Awaitable<net::Response> give(store::OwnFile file, std::string range);

    void remove(const std::string& id);  ///< blocks for a moment; housekeeping only

private:
    DiskFiles(std::string folder, async::BlockingPool& pool)
        : folder_{std::move(folder)}, pool_{&pool} {}

    std::string folder_;
    async::BlockingPool* pool_;
};

/// Puts what a browser needs to show foreign bytes safely: only pictures, sound and film are shown
/// in place, everything else is a download, and nothing in it may run.
void shield(net::Response& response, const std::string& mime, const std::string& name);

}  // namespace trunkline::portal::desk
