#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>

#include "host/async/blocking_pool.hpp"
#include "host/base/clock.hpp"
#include "host/base/id.hpp"
#include "host/base/result.hpp"
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

/// Reads a body in pieces; what both an upload and a fetched answer are. Empty piece = the end.
using Pieces = std::function<async::Awaitable<Result<std::string>>()>;

/// Outgoing files: announced, filled once, used by connectors through their id, gone after `keep`.
/// Thread-safe.
class Files {
public:
    struct Options {
        std::string folder;  ///< private, made 0700
        WallMs keep_ms = 0;
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
    std::string path(const std::string& id) const;  ///< where its bytes are; "" for a malformed id

    void sweep();  ///< removes what has outlived `keep`; blocks

    store::Store& store() const noexcept { return store_; }

private:
    async::Awaitable<Result<std::string>> write(
        std::string path,
        std::uint64_t bytes_max,
        std::string expected,
        std::uint64_t* size,
        Pieces pieces
    );
    async::Awaitable<Result<void>> save(File file, std::string token);

    Options options_;
    store::Store& store_;
    async::BlockingPool& pool_;
    const Clock& clock_;
};

/// A file of the host as the body of an answer: `from` and `count` as a range asks.
class FileSource final : public net::BodySource {
public:
    static Result<std::unique_ptr<FileSource>> open(
        const std::string& path,
        std::uint64_t from,
        std::optional<std::uint64_t> count,
        async::BlockingPool& pool
    );
    ~FileSource() override;
    std::optional<std::uint64_t> size() const override { return left_; }
    async::Awaitable<Result<std::string>> read() override;

private:
    FileSource(int descriptor, std::uint64_t left, async::BlockingPool& pool)
        : descriptor_{descriptor}, left_{left}, pool_{pool} {}
    int descriptor_;
    std::uint64_t left_;
    async::BlockingPool& pool_;
};

}  // namespace trunkline::media
