#include "host/accounts/portal_keys.hpp"

#include <boost/json.hpp>
#include <spdlog/spdlog.h>

#include "host/base/base64.hpp"
#include "host/base/stored_row.hpp"
#include "host/seal/crypto.hpp"

namespace trunkline::accounts {
namespace {

constexpr WallMs kOldKeyLives = 7LL * 24 * 3600 * 1000;

std::string row_key(const PortalId& portal) {
    return "keys/" + portal.text();
}

/// Which configured key a stored rotation belongs to, without keeping the key itself beside it.
std::string fingerprint(const seal::LicenseKey& key) {
    return hex_encode(seal::sha256("trunkline rotation " + key.bytes())).substr(0, 32);
}

}  // namespace

Result<std::shared_ptr<PortalKeys>> PortalKeys::open(
    PortalId portal,
    const Secret& configured,
    const Secret& configured_next,
    store::Store& store,
    const Clock& clock
) {
    auto key = seal::LicenseKey::parse(configured);
    if (!key)
        return Error{
            Fault::malformed,
            "license_key of portal " + portal.text() + " is not tlk_ and 43 characters"};
    std::shared_ptr<PortalKeys> keys{new PortalKeys{portal, store, clock}};
    keys->configured_ = *std::move(key);
    keys->base_ = fingerprint(*keys->configured_);

    auto row = store.row(store::Table::portal, row_key(portal));
    if (!row) return row.error();
    if (*row) {
        auto recalled = keys->recall((*row)->value);
        if (!recalled) return recalled.error();
        if (keys->finished_)
            spdlog::warn(
                "portal.key_superseded portal={} "
                "hint=put_the_new_license_key_into_the_configuration",
                portal.text()
            );
    }
    if (!keys->second_ && !configured_next.empty()) {
        auto second = seal::LicenseKey::parse(configured_next);
        if (!second)
            return Error{
                Fault::malformed,
                "next_license_key of portal " + portal.text() + " is not tlk_ and 43 characters"};
        keys->second_ = *std::move(second);
        keys->from_configuration_ = true;
    }
    keys->publish();
    return keys;
}

Result<void> PortalKeys::recall(const std::string& value) {
    StoredRow row{"portal " + row_key(portal_), value};
    const std::string base = row.text("base");
    const std::string next = row.text("next");
    const bool promoted = row.flag("promoted");
    const bool finished = row.flag("finished");
    const WallMs since = row.number("since");
    auto whole = row.whole();
    if (!whole) return whole;
    if (base != base_) return {};  // of a key that is configured no more
    auto second = seal::LicenseKey::parse(Secret{next});
    if (!second)
        return Error{Fault::storage, "stored row portal " + row_key(portal_) + " holds no key"};
    second_ = *std::move(second);
    promoted_ = promoted;
    finished_ = finished;
    since_ms_ = since;
    return {};
}

void PortalKeys::publish() {
    auto ring = std::make_shared<seal::KeyRing>();
    if (finished_) {
        ring->current = *second_;
    } else if (promoted_) {
        ring->current = *second_;
        ring->next = *configured_;
    } else {
        ring->current = *configured_;
        ring->next = second_;
    }
    ring_ = std::move(ring);
    ++version_;
}

std::shared_ptr<const seal::KeyRing> PortalKeys::ring() const {
    const std::lock_guard lock{mutex_};
    return ring_;
}

std::uint64_t PortalKeys::version() const {
    const std::lock_guard lock{mutex_};
    return version_;
}

PortalKeys::State PortalKeys::state() const {
    const std::lock_guard lock{mutex_};
    return {second_.has_value() && !finished_, promoted_, since_ms_};
}

Result<void> PortalKeys::save(
    const std::string& base, const Secret& next, bool promoted, bool finished, WallMs since
) {
    const boost::json::object json{
        {"base", base},
        {"next", next.reveal()},
        {"promoted", promoted},
        {"finished", finished},
        {"since", since}};
    store::Batch batch;
    batch.put.push_back({store::Table::portal, row_key(portal_), boost::json::serialize(json), 0});
    auto written = store_.commit_and_wait(std::move(batch));
    if (!written) return written.error();
    return {};
}

Result<Secret> PortalKeys::rotate() {
    const std::lock_guard one_at_a_time{changing_};
    {
        const std::lock_guard lock{mutex_};
        if (second_ && from_configuration_)
            return Error{
                Fault::conflict, "next_license_key in the configuration is the second key"};
        if (promoted_ && !finished_)
            return Error{
                Fault::conflict, "the portal uses the second key already; finish this rotation"};
        if (finished_)
            return Error{
                Fault::conflict,
                "put the new license key into the configuration before rotating again"};
    }
    auto fresh = seal::LicenseKey::generate();
    const WallMs now = clock_.wall_ms();
    auto saved = save(base_, fresh.text(), false, false, now);
    if (!saved) return saved.error();
    Secret text = fresh.text();
    const std::lock_guard lock{mutex_};
    second_ = std::move(fresh);
    promoted_ = finished_ = false;
    since_ms_ = now;
    publish();
    spdlog::info("portal.key_rotating portal={}", portal_.text());
    return text;
}

Result<void> PortalKeys::promote() {
    const std::lock_guard one_at_a_time{changing_};
    Secret next;
    {
        const std::lock_guard lock{mutex_};
        if (!second_) return Error{Fault::conflict, "there is no second key; rotate first"};
        if (promoted_) return {};
        next = second_->text();
    }
    const WallMs now = clock_.wall_ms();
    auto saved = save(base_, next, true, false, now);
    if (!saved) return saved.error();
    const std::lock_guard lock{mutex_};
    promoted_ = true;
    since_ms_ = now;
    publish();
    spdlog::info("portal.key_promoted portal={}", portal_.text());
    return {};
}

Result<void> PortalKeys::finish() {
    const std::lock_guard one_at_a_time{changing_};
    Secret next;
    WallMs since = 0;
    {
        const std::lock_guard lock{mutex_};
        if (!second_) return Error{Fault::conflict, "there is no second key; rotate first"};
        if (!promoted_)
            return Error{Fault::conflict, "the new key is not in use yet; promote it first"};
        if (finished_) return {};
        next = second_->text();
        since = since_ms_;
    }
    auto saved = save(base_, next, true, true, since);
    if (!saved) return saved.error();
    const std::lock_guard lock{mutex_};
    finished_ = true;
    publish();
    spdlog::info("portal.key_finished portal={}", portal_.text());
    return {};
}

void PortalKeys::saw_next() {
    {
        const std::lock_guard lock{mutex_};
        if (!second_ || promoted_) return;
    }
    auto done = promote();
    if (!done)
        spdlog::warn(
            "portal.promote_failed portal={} reason={}", portal_.text(), done.error().context
        );
}

void PortalKeys::tick() {
    {
        const std::lock_guard lock{mutex_};
        if (!promoted_ || finished_ || clock_.wall_ms() - since_ms_ < kOldKeyLives) return;
    }
    auto done = finish();
    if (!done)
        spdlog::warn(
            "portal.finish_failed portal={} reason={}", portal_.text(), done.error().context
        );
}

}  // namespace trunkline::accounts
