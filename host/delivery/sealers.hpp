#pragma once

#include <list>
#include <string>
#include <unordered_map>

#include "host/base/id.hpp"
#include "host/seal/seal.hpp"

namespace trunkline::delivery {

/// The sealers that were used lately. One takes ten kilobytes and is made in microseconds, and of a
/// hundred thousand portals a few hundred are sent to at any time. Lives on one loop.
class Sealers {
public:
    /// The one for what goes to `portal` under `keys`; good until the next call.
    seal::Sealer& of(const PortalId& portal, const seal::KeyRing& keys);

    std::size_t size() const noexcept { return by_portal_.size(); }

private:
    struct Entry {
        std::string portal;
        seal::KeyRing keys;
        seal::Sealer sealer;
    };

    std::list<Entry> entries_;  // the one used last first
    std::unordered_map<std::string, std::list<Entry>::iterator> by_portal_;
};

}  // namespace trunkline::delivery
