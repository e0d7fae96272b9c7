#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>

#include <trunkline/ext/crypto.h>
#include <trunkline/testing/digest.hpp>

namespace trunkline::inline face::testing {

/// How a host in memory treats a connector, as far as hosts may differ. The defaults are the
/// friendliest host.
struct Behaviour {
    std::uint64_t random_seed = 0;              ///< of trunkline.random/1
    bool extensions = true;                     ///< false: a host without a single extension
    const tl_crypto* crypto = &crypto_table();  ///< trunkline.crypto/1
    bool guard_tables = false;                  ///< tables and setup end where no memory is
    std::size_t tail = 0;     ///< with guard_tables: bytes that a later minor appended to each
    bool guard_ends = false;  ///< so do inputs, and every text that is lent
    bool revoke = false;      ///< everything that is lent to a call is gone when it returns
    std::string state;        ///< what the first `create` is handed
    std::optional<std::uint32_t> state_schema;  ///< of `state`; absent: the connector's own
    std::function<void()> in_effect;            ///< called inside of each effect
};

}  // namespace trunkline::inline face::testing
