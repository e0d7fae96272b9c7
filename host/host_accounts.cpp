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

std::optional<milliseconds> duration_inside(
    const boost::json::object& manifest, const char* section, const char* key
) {
    const auto* inner = manifest.if_contains(section);
    if (inner == nullptr || !inner->is_object()) return std::nullopt;
    return duration_in(inner->get_object(), key);
}

}  // namespace

/// What the account is to the host follows from its connector's manifest. On the account's loop.
Result<void> Host::adopt_manifest(
    accounts::Account& account, const plugins::Generation& generation
) {
    const boost::json::object& manifest = generation.manifest().json;
    universal::Features features;
    if (const auto* declared = manifest.if_contains("features");
        declared != nullptr && declared->is_object()) {
        auto parsed = universal::Features::parse(declared->as_object());
        if (!parsed) return parsed.error();
        features = *std::move(parsed);
    }
    auto rules = quotas::Rules::parse(manifest);
    if (!rules) return rules.error();
    account.features = std::move(features);
    if (!account.ledger)
        account.ledger = std::make_shared<quotas::Ledger>(
            quotas::Ledger::Services{*store_, pool_, clock_, account.waits}, account.id
        );
    account.ledger->adopt(*rules, account.connector, shared_quotas(account.connector, *rules));
    if (const auto window = duration_in(manifest, "redelivery_window"))
        account.redelivery_window_ms = window->count();
    account.check_every = duration_in(manifest, "check_every");
    account.copy_before =
        duration_inside(manifest, "media", "copy_before").value_or(milliseconds{0});
    account.profile_every = duration_inside(manifest, "profile", "every");
    if (const auto every = duration_inside(manifest, "poll", "every")) account.poll_every = *every;
    const auto* accept = manifest.if_contains("accept");
    account.accept =
        accept != nullptr && accept->is_object() ? accept->get_object() : boost::json::object{};
    return {};
}

/// One for all accounts of a connector, whatever their loop.
std::shared_ptr<quotas::Shared> Host::shared_quotas(
    const ConnectorId& connector, const quotas::Rules& rules
) {
    auto of_connector = rules.of(quotas::Scope::connector);
    const auto now = clock_.steady();
    const std::lock_guard lock{quotas_mutex_};
    auto& shared = connector_quotas_[connector.text()];
    if (shared)
        shared->adopt(of_connector, now);
    else if (!of_connector.empty())
        shared = std::make_shared<quotas::Shared>(std::move(of_connector), now, now);
    return shared;
}

async::Awaitable<Result<void>> Host::make_strand(
    std::shared_ptr<accounts::Account> of, std::shared_ptr<plugins::Generation> generation
) {
    accounts::Account& account = *of;
    if (!generation)
        co_return Error{Fault::not_found, "no connector called " + account.connector.text()};
    const std::vector<Setting> declared = settings_of(generation->manifest().json);
    if (!account.draft) {
        auto checked = check_settings(account.settings, declared);
        if (!checked) co_return checked;
    }
    auto adopted = adopt_manifest(account, *generation);
    if (!adopted) co_return adopted;
    auto recalled = co_await account.ledger->open();
    if (!recalled) co_return recalled;
    const auto* receive = account.settings.if_contains("receive");
    account.polls = receive != nullptr && receive->is_string() && receive->as_string() == "poll";

    tasks::Setup setup;
    setup.connector = account.connector;
    setup.account = account.id;
    setup.name = account.id.text();
    setup.connector_json = boost::json::serialize(settings_of_connector(account.connector));
    setup.settings_json = boost::json::serialize(account.settings);
    setup.hook_url = config_.public_url + "/hooks/" + account.id.text();
    setup.secrets = secrets_of(account, generation->manifest().json);
    setup.allow_private = config_.network.allow_private;
    tasks::Services services{
        account.loop,
        clients_->of(account.loop),
        *store_,
        pool_,
        clock_,
        [this](const std::string& id) { return files_->bytes(id); },
        loops_.index_of(account.loop),
        serving_->recent_of(account.connector, loops_.index_of(account.loop)),
        children_.get(),
        account.ledger};
    auto strand =
        co_await tasks::Strand::open(std::move(generation), std::move(setup), std::move(services));
    if (!strand) co_return strand.error();
    account.strand = *std::move(strand);
    co_return Result<void>{};
}

boost::json::object Host::settings_of_connector(const ConnectorId& connector) const {
    for (const config::Connector& entry : config_.connectors) {
        if (entry.id == connector.text()) return entry.settings;
    }
    return {};
}

std::vector<Secret> Host::secrets_of(
    const accounts::Account& account, const boost::json::object& manifest
) const {
    std::vector<Secret> secrets;
    for (const Setting& setting : settings_of(manifest)) {
        const auto* value = account.settings.if_contains(setting.key);
        if (setting.secret && value != nullptr && value->is_string())
            secrets.emplace_back(std::string{value->as_string()});
    }
    return secrets;
}

reload::ServedAccount Host::describe(const accounts::Account& account) const {
    reload::ServedAccount out;
    out.id = account.id.text();
    out.settings = boost::json::serialize(account.settings);
    out.connector = boost::json::serialize(settings_of_connector(account.connector));
    if (const auto generation = catalogue_->current(account.connector))
        out.secrets = secrets_of(account, generation->manifest().json);
    return out;
}

/// An account starts as it was, so that only a change is news to its portal.
void Host::recall_health(accounts::Account& account) {
    const auto row = store_->row(store::Table::account, "health/" + account.id.text());
    if (!row || !*row) return;
    StoredRow stored{"account health/" + account.id.text(), (*row)->value};
    accounts::Health health;
    const auto state = accounts::state_of(stored.text("state"));
    if (!state) return;  // its first check finds out
    health.state = *state;
    health.code = stored.text("code");
    health.text = stored.text("text");
    health.since_ms = stored.number("since");
    health.until_ms = stored.number("until");
    const auto whole = stored.whole();
    if (whole)
        account.set_health(std::move(health));
    else  // its next check finds out how it is
        spdlog::error("account.health_unreadable reason={}", whole.error().context);
}

/// What of an account outlives it: what its conversations are called, and its lane, which lives as
/// long as the account does.
async::Awaitable<Result<void>> Host::recall_aliases(accounts::Account* account) {
    const std::string prefix = "alias/" + account->id.text() + '/';
    auto aliases = co_await pool_.run([this, &prefix] {
        return store_->rows(store::Table::account, prefix, "", 100'000);
    });
    if (!aliases) co_return aliases.error();
    for (const store::Row& row : *aliases)
        account->known_as[row.key.substr(prefix.size())] = row.value;
    co_return Result<void>{};
}

async::Awaitable<Result<void>> Host::open_account(const config::Account& from, Opening how) {
    auto portal = directory_.portal(from.portal);
    auto account = std::make_shared<accounts::Account>(from, portal, loops_.home_of(from.id));
    account->set_key(how.key);
    account->title = how.title;
    account->url = how.url;
    account->disconnected = !how.connected;
    Result<void> made = Error{Fault::account_broken, "somebody disconnected it"};
    if (how.connected)
        made = co_await make_strand(account, catalogue_->current(account->connector));
    if (!made && account->accept.empty())
        account->accept = book_->of(account->connector.text()).accept;
    if (!how.connected) {
        account->set_health(accounts::broken(accounts::kNotConnected, ""));
    } else if (!made) {
        // One account that cannot work hurts nobody else: it is shown as broken and its commands
        // wait.
        spdlog::error(
            "account.broken account={} line={}:{} reason={}",
            from.id,
            from.place.file,
            from.place.line,
            made.error().context
        );
        const char* const code = made.error().fault == Fault::not_found
                                     ? accounts::kConnectorAbsent
                                     : accounts::kConnectorRefused;
        accounts::Health health = accounts::broken(code, made.error().context);
        health.since_ms = clock_.wall_ms();
        account->set_health(std::move(health));
    }
    auto recalled = co_await recall_aliases(account.get());
    if (!recalled) co_return recalled;

    if (made && !how.anew) recall_health(*account);

    lanes::LaneSpec spec;
    spec.name = "account/" + from.id;
    spec.owner = spec.name;
    spec.connector = from.connector;
    spec.home = &account->loop;
    spec.policy.order = *lanes::order_of(from.commands.order);
    spec.policy.one_try = from.commands.delivery == "best_effort";
    spec.policy.streams = static_cast<std::uint32_t>(from.commands.streams);
    spec.policy.waiting_bytes_max = portal->limits().waiting_bytes;
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
    if (account->strand) begin_life(account);
    co_return Result<void>{};
}

/// From now on the account does what it does on its own, until it is told to leave. On its loop.
void Host::begin_life(std::shared_ptr<accounts::Account> account) {
    account->leaving = std::make_shared<std::atomic<bool>>(stopping_->load());
    ++running_accounts_;
    async::spawn(
        account->loop.get_executor(),
        "account " + account->id.text(),
        [this, account]() -> async::Awaitable<> {
            co_await run_account(account);
            --running_accounts_;
        }
    );
}

/// Waits in short pieces, so that stopping is not held up.
async::Awaitable<> Host::rest(milliseconds how_long, std::shared_ptr<std::atomic<bool>> leaving) {
    constexpr milliseconds kPiece{200};
    for (milliseconds waited{0}; waited < how_long && !*leaving; waited += kPiece)
        co_await async::pause(std::min(kPiece, how_long));
}

/// What an account does on its own: its check at start, again while it fails and every so often,
/// and its polls.
async::Awaitable<> Host::run_account(std::shared_ptr<accounts::Account> account) {
    const auto leaving = account->leaving;
    if (account->polls) {
        ++running_accounts_;
        async::spawn(
            account->loop.get_executor(),
            "poll " + account->id.text(),
            [this, account, leaving]() -> async::Awaitable<> {
                co_await inbound::poll(*inbound_, *store_, pool_, account, leaving);
                --running_accounts_;
            }
        );
    }
    milliseconds failing{0};
    while (!*leaving) {
        auto checked = co_await inbound::check(*inbound_, *store_, account);
        if (*leaving) co_return;
        if (checked || checked.error().fault == Fault::account_broken) {
            if (!account->check_every) co_return;
            failing = milliseconds{0};
            co_await rest(*account->check_every, leaving);
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
        co_await rest(std::max(failing, checked.error().pause), leaving);
    }
}

}  // namespace trunkline
