#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "host/base/id.hpp"
#include "host/base/secret.hpp"
#include "host/plugins/generation.hpp"
#include "host/tasks/recent.hpp"

namespace trunkline::reload {

/// An account as a connector's instance would be made for it.
struct ServedAccount {
    std::string id;
    std::string settings;   ///< JSON, with secrets
    std::string connector;  ///< JSON, with secrets
    std::vector<Secret> secrets;
    bool served = false;  ///< an instance serves it now
};

/// What came of letting all accounts go over to another generation.
struct Switched {
    std::size_t accounts = 0;
    std::uint64_t pause_us_median = 0, pause_us_max = 0;  ///< how long a strand stood still
    std::optional<std::string> failure;                   ///< then every account is where it was
};

/// What a connector came to so far, in all generations.
struct Totals {
    std::uint64_t calls = 0;
    std::uint64_t failures = 0;  ///< of the connector itself, or payloads it did not understand
};

/// The accounts that connectors serve, for who replaces connectors. Implemented by the host.
/// Control thread only; every call may block.
class Serving {
public:
    virtual ~Serving() = default;
    virtual std::vector<ServedAccount> accounts(const ConnectorId& connector) = 0;
    virtual std::vector<tasks::KeptTask> recent(const ConnectorId& connector) = 0;
    virtual Totals totals(const ConnectorId& connector) = 0;

    /// Every account of its connector goes over to `next`; accounts that nothing served are taken
    /// up. When one that `former` serves cannot, all go back to `former`.
    virtual Switched go_over(
        std::shared_ptr<plugins::Generation> next, std::shared_ptr<plugins::Generation> former
    ) = 0;

    /// Nothing serves the connector's accounts any more: open tasks may end, the rest waits.
    virtual void leave(const ConnectorId& connector, const std::string& reason) = 0;

    enum class Kept {
        all,           ///< also what a former generation did not understand
        while_absent,  ///< only what nobody has tried yet
    };
    /// Hands what lies in the quarantine of the connector's accounts to it again, oldest first, in
    /// the background.
    virtual void replay(const ConnectorId& connector, Kept which) = 0;
};

}  // namespace trunkline::reload
