#pragma once

#include <memory>
#include <mutex>
#include <optional>
#include <string>

#include "host/base/clock.hpp"
#include "host/base/id.hpp"
#include "host/base/result.hpp"
#include "host/seal/seal.hpp"
#include "host/store/store.hpp"

namespace trunkline::accounts {

/// A portal's license keys over the life of a rotation: configured key alone; both, the old one
/// encrypting; both, the new one encrypting; the new one alone. What was done by hand is kept in
/// the store and forgotten once the configured key changes.
/// `[any]`; every change is durable before it takes effect. Changing calls block: control thread or
/// blocking pool only.
class PortalKeys {
public:
    static Result<std::shared_ptr<PortalKeys>> open(
        PortalId portal,
        const Secret& configured,
        const Secret& configured_next,
        store::Store& store,
        const Clock& clock
    );

    /// `current` encrypts; `next` is the other one that is accepted and signed with.
    std::shared_ptr<const seal::KeyRing> ring() const;

    /// Counts up with every change, so that holders of a Sealer know when to make a new one.
    std::uint64_t version() const;

    /// Makes and returns the second key. One that the portal has never used is replaced: whoever
    /// lost the answer just asks again. `conflict` when it is in use, or stands in the
    /// configuration.
    Result<Secret> rotate();
    Result<void> promote();  ///< encrypts with the new key from now on; `conflict` without one
    Result<void> finish();   ///< ends the old key; `conflict` before promote

    /// An authentic request under the next key arrived: the portal has it. Promotes, if that has
    /// not happened. May block briefly.
    void saw_next();

    /// Ends the old key 7 days after the promotion. Called now and then.
    void tick();

    struct State {
        bool rotating = false;
        bool promoted = false;
        WallMs since_ms = 0;
    };
    State state() const;

private:
    PortalKeys(PortalId portal, store::Store& store, const Clock& clock)
        : portal_{std::move(portal)}, store_{store}, clock_{clock} {}
    Result<void> save(
        const std::string& base, const Secret& next, bool promoted, bool finished, WallMs since
    );
    Result<void> recall(const std::string& value);
    void publish();

    PortalId portal_;
    store::Store& store_;
    const Clock& clock_;
    std::mutex changing_;       ///< held over each whole change: looking, writing and taking effect
    mutable std::mutex mutex_;  ///< guards all below; held for copies only, never across the disk
    std::optional<seal::LicenseKey> configured_;
    std::optional<seal::LicenseKey> second_;
    std::string base_;  ///< fingerprint of the configured key that the stored rotation belongs to
    bool from_configuration_ = false;
    bool promoted_ = false;
    bool finished_ = false;
    WallMs since_ms_ = 0;
    std::uint64_t version_ = 1;
    std::shared_ptr<const seal::KeyRing> ring_;
};

}  // namespace trunkline::accounts
