#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "host/async/blocking_pool.hpp"
#include "host/base/clock.hpp"
#include "host/base/id.hpp"
#include "host/base/result.hpp"
#include "host/base/secret.hpp"
#include "host/media/intake.hpp"
#include "host/net/file_bytes.hpp"
#include "host/seal/crypto.hpp"
#include "host/store/store.hpp"

namespace trunkline::media {

/// A messenger's file as the host has it.
struct Copy {
    std::string id;
    std::uint64_t size = 0;
};

/// Copies of messengers' files, found by account and reference: encrypted (see sealed_file.hpp),
/// each kept until its last link ends, never more bytes than allowed. Owner: main. Thread-safe.
class Copies {
public:
    struct Options {
        std::string folder;  ///< private, made 0700
        Secret key;          ///< of the store; the files are encrypted under one derived from it
        std::uint64_t bytes_max = 0;  ///< on disk, of all of them
        /// Left free on that disk, whatever is allowed: the store, which lies on it, comes first.
        std::uint64_t free_bytes_min = 512ULL << 20U;
    };
    Copies(Options options, store::Store& store, async::BlockingPool& pool, const Clock& clock);

    /// Counts what there is, and removes what a crash left half done. Blocks; once, before
    /// anything is added.
    Result<void> recall();

    /// None when there is no copy, or its last link has ended.
    async::Awaitable<Result<std::optional<Copy>>> find(AccountId account, std::string ref);
    /// Its bytes, decrypted while they are read; null when they cannot be. Blocks briefly.
    std::shared_ptr<const net::FileBytes> bytes(const Copy& copy) const;

    struct Wanted {
        AccountId account;
        std::string ref;
        PortalId portal;
        WallMs until_ms = 0;                 ///< the end of its link
        std::uint64_t bytes_max = 0;         ///< of this file
        std::uint64_t portal_bytes_max = 0;  ///< on disk, of all copies of its portal
        std::optional<std::uint64_t> size;   ///< as the messenger told
    };
    /// Keeps one, and erases `with` in the write that makes it known. `rejected`: larger than
    /// `bytes_max`; `throttled`: there is no room, also not for copies whose links have ended being
    /// removed; `storage`: the disk refuses or is nearly full; or whatever `pieces` failed with.
    /// Nothing half done stays behind.
    async::Awaitable<Result<Copy>> add(
        Wanted wanted, Pieces pieces, std::vector<store::Erase> with
    );

    /// A later link to the same file: the copy is kept until that ends. Erases `with` in the same
    /// write. `not_found` when there is none.
    async::Awaitable<Result<void>> prolong(
        AccountId account, std::string ref, WallMs until_ms, std::vector<store::Erase> with
    );

    void sweep();  ///< removes those whose links have ended, oldest first; blocks

    struct Figures {
        std::uint64_t files = 0;
        std::uint64_t bytes = 0;  ///< on disk
        std::uint64_t bytes_max = 0;
    };
    Figures figures() const;

private:
    /// What is in use. Outlives whoever is still writing when the host ends.
    struct Usage {
        std::mutex mutex;  // held for additions
        std::uint64_t files = 0, bytes = 0;
        std::map<std::string, std::uint64_t> by_portal;
    };
    class Room;
    struct Growing;
    struct Known {
        Copy copy;
        std::string portal;
        WallMs until_ms = 0;
    };

    std::string path(const std::string& id) const { return options_.folder + "/" + id; }
    Result<std::optional<Known>> known(const std::string& key) const;
    async::Awaitable<Result<std::string>> read_within(Growing* growing);
    async::Awaitable<Result<void>> make_room(Growing* growing, std::uint64_t size);
    bool disk_has(std::uint64_t bytes) const;
    bool sweep_some();
    void release(const std::string& portal, std::uint64_t size);

    const Options options_;
    const seal::AtRest cipher_;
    store::Store& store_;
    async::BlockingPool& pool_;
    const Clock& clock_;
    const std::shared_ptr<Usage> usage_ = std::make_shared<Usage>();
    std::mutex sweeping_;  // one sweep at a time: what it removes is counted once
};

}  // namespace trunkline::media
