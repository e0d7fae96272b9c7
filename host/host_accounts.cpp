// How the host opens an account and lets it live: its connector's instance, its lane, its checks
// and polls.
#include <algorithm>

#include <boost/json.hpp>
#include <spdlog/spdlog.h>

#include "host/account_settings.hpp"
#include "host/async/spawn.hpp"
#include "host/base/stored_row.hpp"
#include "host/config/units.hpp"
#include "host/host.hpp"
#include "host/inbound/poller.hpp"
#include "host/outbound/messenger.hpp"

namespace trunkline {
namespace {

using std::chrono::milliseconds;

std::optional<milliseconds> duration_in(const boost::json::object& manifest, const char* key) {
    const auto* value = manifest.if_contains(key);
    if (value == nullptr || !value->is_string()) return std::nullopt;
    return config::parse_duration(std::string_view{value->as_string()});
}

}  // namespace

async::Awaitable<Result<void>> Host::make_strand(const std::shared_ptr<accounts::Account>& of) {
    accounts::Account& account = *of;
    auto generation = catalogue_->current(account.connector);
    if (!generation)
        co_return Error{Fault::not_found, "no connector called " + account.connector.text()};
    const boost::json::object& manifest = generation->manifest().json;
    if (const auto* features = manifest.if_contains("features");
        features != nullptr && features->is_object()) {
        auto parsed = universal::Features::parse(features->as_object());
        if (!parsed) co_return parsed.error();
        account.features = *std::move(parsed);
    }
    auto rates = accounts::Rates::parse(manifest);
    if (!rates) co_return rates.error();
    auto& shared = connector_buckets_[account.connector.text()];
    if (!shared && rates->connector)
        shared = std::make_shared<accounts::SharedBucket>(*rates->connector);
    account.rates.emplace(*rates, shared);
    const std::vector<Setting> declared = settings_of(manifest);
    auto checked = check_settings(account.settings, declared);
    if (!checked) co_return checked;
    if (const auto window = duration_in(manifest, "redelivery_window"))
        account.redelivery_window_ms = window->count();
    account.check_every = duration_in(manifest, "check_every");
    if (const auto* poll = manifest.if_contains("poll"); poll != nullptr && poll->is_object()) {
        if (const auto every = duration_in(poll->as_object(), "every")) account.poll_every = *every;
    }
    const auto* receive = account.settings.if_contains("receive");
    account.polls = receive != nullptr && receive->is_string() && receive->as_string() == "poll";

    tasks::Setup setup;
    setup.connector = account.connector;
    setup.account = account.id;
    setup.name = account.id.text();
    boost::json::object connector_settings;
    for (const config::Connector& entry : config_.connectors) {
        if (entry.id == account.connector.text()) connector_settings = entry.settings;
    }
    setup.connector_json = boost::json::serialize(connector_settings);
    setup.settings_json = boost::json::serialize(account.settings);
    setup.hook_url = config_.public_url + "/hooks/" + account.id.text();
    for (const Setting& setting : declared) {
        const auto* value = account.settings.if_contains(setting.key);
        if (setting.secret && value != nullptr && value->is_string())
            setup.secrets.emplace_back(std::string{value->as_string()});
    }
    setup.allow_private = config_.network.allow_private;
    tasks::Services services{
        account.loop,
        clients_->of(account.loop),
        *store_,
        pool_,
        clock_,
        [this](const std::string& id) { return files_->bytes(id); }};
    services.loop_index = loops_.index_of(account.loop);
    services.children = children_.get();
    auto strand =
        co_await tasks::Strand::open(std::move(generation), std::move(setup), std::move(services));
    if (!strand) co_return strand.error();
    account.strand = *std::move(strand);
    co_return Result<void>{};
}

/// An account starts as it was, so that only a change is news to its portal.
void Host::recall_health(accounts::Account& account) {
    const auto row = store_->row(store::Table::account, "health/" + account.id.text());
    if (!row || !*row) return;
    StoredRow stored{"account health/" + account.id.text(), (*row)->value};
    accounts::Health health;
    health.state = stored.text("state");
    health.code = stored.text("code");
    health.text = stored.text("text");
    health.since_ms = stored.number("since");
    const auto whole = stored.whole();
    if (whole)
        account.set_health(std::move(health));
    else  // its next check finds out how it is
        spdlog::error("account.health_unreadable reason={}", whole.error().context);
}

async::Awaitable<Result<void>> Host::open_account(const config::Account& from) {
    auto portal = directory_.portal(from.portal);
    auto account = std::make_shared<accounts::Account>(from, portal, loops_.home_of(from.id));
    auto made = co_await make_strand(account);
    if (!made) {
        // One account that cannot work hurts nobody else: it is shown as broken and its commands
        // wait.
        spdlog::error(
            "account.broken account={} line={}:{} reason={}",
            from.id,
            from.place.file,
            from.place.line,
            made.error().context
        );
        account->set_health({"broken", "connector", made.error().context, clock_.wall_ms(), 0});
    }
    const std::string prefix = "alias/" + from.id + '/';
    auto aliases = co_await pool_.run([this, &prefix] {
        return store_->rows(store::Table::account, prefix, "", 100'000);
    });
    if (!aliases) co_return aliases.error();
    for (const store::Row& row : *aliases)
        account->known_as[row.key.substr(prefix.size())] = row.value;

    if (made) recall_health(*account);

    lanes::LaneSpec spec;
    spec.name = "account/" + from.id;
    spec.owner = spec.name;
    spec.connector = from.connector;
    spec.home = &account->loop;
    spec.policy.waiting_bytes_max = portal->limits.waiting_bytes;
    account->recovered = [this, owner = spec.owner] { return lanes_->admit_owner(owner); };
    auto destination = std::make_unique<outbound::Messenger>(
        account,
        outbound::Services{
            *ground_,
            *store_,
            pool_,
            *files_,
            clients_->of(account->loop),
            config_.keep.dead_letters.count()}
    );
    auto lane = co_await lanes_->add_keyed(std::move(spec), std::move(destination));
    if (!lane) co_return lane.error();
    account->lane = *lane;
    directory_.add(account);
    if (account->strand) {
        ++running_accounts_;
        async::spawn(
            account->loop.get_executor(),
            "account " + from.id,
            [this, account]() -> async::Awaitable<> {
                co_await run_account(account);
                --running_accounts_;
            }
        );
    }
    co_return Result<void>{};
}

/// Waits in short pieces, so that stopping is not held up.
async::Awaitable<> Host::rest(milliseconds how_long) {
    constexpr milliseconds kPiece{200};
    for (milliseconds waited{0}; waited < how_long && !*stopping_; waited += kPiece)
        co_await async::pause(std::min(kPiece, how_long));
}

/// What an account does on its own: its check at start, again while it fails and every so often,
/// and its polls.
async::Awaitable<> Host::run_account(std::shared_ptr<accounts::Account> account) {
    if (account->polls) {
        ++running_accounts_;
        async::spawn(
            account->loop.get_executor(),
            "poll " + account->id.text(),
            [this, account]() -> async::Awaitable<> {
                co_await inbound::poll(*inbound_, *store_, pool_, account, stopping_);
                --running_accounts_;
            }
        );
    }
    milliseconds failing{0};
    while (!*stopping_) {
        auto checked = co_await inbound::check(*inbound_, *store_, account);
        if (*stopping_) co_return;
        if (checked || checked.error().fault == Fault::account_broken) {
            if (!account->check_every) co_return;
            failing = milliseconds{0};
            co_await rest(*account->check_every);
            continue;
        }
        failing = failing.count() == 0 ? milliseconds{1'000}
                                       : std::min(failing * 2, milliseconds{60'000});
        spdlog::warn(
            "account.check_failed account={} reason={} wait_ms={}",
            account->id.text(),
            checked.error().context,
            failing.count()
        );
        co_await rest(std::max(failing, checked.error().pause));
    }
}

}  // namespace trunkline
