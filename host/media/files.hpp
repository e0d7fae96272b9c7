#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "host/async/blocking_pool.hpp"
#include "host/base/clock.hpp"
#include "host/base/id.hpp"
#include "host/base/result.hpp"
#include "host/base/secret.hpp"
#include "host/media/intake.hpp"
#include "host/net/file_bytes.hpp"
#include "host/net/http.hpp"
#include "host/seal/crypto.hpp"
#include "host/store/store.hpp"

namespace trunkline::media {

/// One outgoing file, as announced by a portal.
struct File {
    std::string id;
    PortalId portal;
    std::string name;
    std::string mime;
    std::uint64_t size = 0;
    std::string sha256;  ///< lower-case hex; "" = not checked (fetched by the host itself)
    bool ready = false;
};

/// Outgoing files: announced, filled once, used by connectors through their id, gone after `keep`.
/// On disk they are encrypted; see sealed_file.hpp.
/// Thread-safe.
class Files {
public:
    struct Options {
        std::string folder;  ///< private, made 0700
        WallMs keep_ms = 0;
        Secret key;  ///< of the store; the files are encrypted under one derived from it
    };
    Files(Options options, store::Store& store, async::BlockingPool& pool, const Clock& clock);

    /// Announces a file; the token opens its one upload.
    async::Awaitable<Result<std::string>> announce(File file);

    /// Takes the bytes for `token`. `not_found`: no such token, or used already; `malformed`: size
    /// or digest differ; `storage`: disk. Nothing half done stays behind; after a failure the token
    /// still works.
    async::Awaitable<Result<File>> fill(
        std::string token, std::optional<std::uint64_t> length, Pieces pieces
    );

    /// Keeps bytes that the host fetched itself, at most `bytes_max`; `rejected` when there are
    /// more.
    async::Awaitable<Result<File>> keep(File file, std::uint64_t bytes_max, Pieces pieces);

    async::Awaitable<Result<File>> find(std::string id);  ///< `not_found`; ready ones only
    /// Its bytes, decrypted while they are read; null when there are none. Blocks briefly.
    std::shared_ptr<const net::FileBytes> bytes(const std::string& id) const;

    void sweep();  ///< removes what has outlived `keep`; blocks

    store::Store& store() const noexcept { return store_; }

private:
    std::string path(const std::string& id) const;  ///< "" for a malformed id
    async::Awaitable<Result<Taken>> write(
        std::string id, std::uint64_t bytes_max, std::string expected, Pieces pieces
    );
    async::Awaitable<Result<void>> save(File file, std::string token);

    Options options_;
    seal::AtRest cipher_;
    store::Store& store_;
    async::BlockingPool& pool_;
    const Clock& clock_;
};

/// A file of the host as the body of an answer: `from` and `count` as a range asks.
class FileSource final : public net::BodySource {
public:
    /// `from + count` lies within the file.
    FileSource(
        std::shared_ptr<const net::FileBytes> file,
        std::uint64_t from,
        std::uint64_t count,
        async::BlockingPool& pool
    )
        : file_{std::move(file)}, at_{from}, left_{count}, pool_{pool} {}
    std::optional<std::uint64_t> size() const override { return left_; }
    async::Awaitable<Result<std::string>> read() override;

private:
    std::shared_ptr<const net::FileBytes> file_;
    std::uint64_t at_;
    std::uint64_t left_;
    async::BlockingPool& pool_;
};

}  // namespace trunkline::media
