#pragma once

#include <cstdint>
#include <functional>
#include <string>

#include "host/async/blocking_pool.hpp"
#include "host/base/result.hpp"
#include "host/seal/crypto.hpp"

namespace trunkline::media {

/// Reads a body in pieces; what an upload, a fetched answer and a messenger's file are. Empty piece
/// = the end.
using Pieces = std::function<async::Awaitable<Result<std::string>>()>;

/// What is taken in, and how much of it.
struct Intake {
    std::string id;    ///< the file's, a ULID; its bytes on disk are bound to it
    std::string path;  ///< where it is to lie
    std::uint64_t bytes_max = 0;
    std::string sha256;  ///< lower-case hex it must have; "" = any
};

struct Taken {
    std::uint64_t size = 0;
    std::string sha256;
};

/// Writes `pieces` as one sealed file: whole, synced and under its name, or not at all. `rejected`:
/// more than `bytes_max`; `malformed`: another digest; `storage`: the disk; or whatever `pieces`
/// failed with. `cipher` outlives it. `[any]`
async::Awaitable<Result<Taken>> take_in(
    async::BlockingPool& pool, const seal::AtRest& cipher, Intake intake, Pieces pieces
);

}  // namespace trunkline::media
