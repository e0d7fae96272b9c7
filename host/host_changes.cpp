// Accounts that are made, changed, connected and disconnected while the host runs. The store keeps
// them; those of the configuration are only looked at here.
#include <algorithm>

#include <boost/json.hpp>
#include <spdlog/spdlog.h>

#include "host/account_settings.hpp"
#include "host/async/on.hpp"
#include "host/async/spawn.hpp"
#include "host/connect/undo.hpp"
#include "host/host.hpp"
#include "host/inbound/poller.hpp"
#include "host/inbound/tell_health.hpp"

// GCC 12 inlines only the first half of the pair of functions that a coroutine frame is allocated
// by, and takes the other for a stranger.
#pragma GCC diagnostic ignored "-Wmismatched-new-delete"

namespace trunkline {
namespace {

constexpr std::chrono::milliseconds kLook{20};

bool is_made(const accounts::Account& account) {
    return account.place.file == accounts::kStoreOwns;
}

accounts::Made made_of(const accounts::Account& account) {
    accounts::Made made;
    made.id = account.id.text();
    made.connector = account.connector.text();
    made.portal = account.portal->id.text();
    made.line = account.line;
    made.settings = account.settings;
    made.key = account.key();
    made.title = account.title;
    made.url = account.url;
    made.connected = !account.disconnected;
    return made;
}

/// Changes of one account come one after the other: undoing at a messenger may take long.
std::string account_claim(const std::string& id) {
    return "account/" + id;
}

}  // namespace

Host::Opening Host::opening_of(const accounts::Made& made) {
    Opening how;
    how.key = made.key;
    how.title = made.title;
    how.url = made.url;
    how.connected = made.connected;
    return how;
}

Result<void> Host::make_flows() {
    connect::Flows::Rooms rooms{
        *ground_,
        *store_,
        pool_,
        config_.public_url,
        [this](connect::Kept kept) { return draft_account(std::move(kept)); },
        [this](accounts::Made made) { return open_connected(std::move(made)); },
        [this](std::shared_ptr<accounts::Account> draft) { return drop_draft(std::move(draft)); },
        [this](const std::string& connector, const std::string& key) {
            return owner_of(connector, key);
        },
        [this](const accounts::Made& made) { return check_made(made); },
        [this](const std::string& id) { look_at_again(id); }};
    flows_ = std::make_unique<connect::Flows>(std::move(rooms));
    return {};
}

admin::AccountChanges Host::account_changes() {
    using Account = std::shared_ptr<accounts::Account>;
    return {
        [this](admin::AccountChange change) { return change_account(std::move(change)); },
        [this](Account account) { return disconnect_account(std::move(account), false); },
        [this](Account account) { return disconnect_account(std::move(account), true); }};
}

std::string Host::owner_of(const std::string& connector, const std::string& key) const {
    for (const auto& [id, account] : directory_.accounts()) {
        if (account->connector.text() == connector && account->key() == key &&
            !account->disconnected)
            return id;
    }
    return {};
}

Result<void> Host::open_made_accounts() {
    auto all = accounts::load_made(*store_);
    if (!all) return all.error();
    for (const accounts::Made& made : *all) {
        if (const auto account = directory_.account(made.id))
            return Error{
                Fault::conflict,
                "account " + made.id + " is written in " + account->place.file + ":" +
                    std::to_string(account->place.line) + " and was also made at run time"};
        if (!directory_.portal(made.portal)) {
            spdlog::error("account.without_portal account={} portal={}", made.id, made.portal);
            continue;
        }
        Result<void> opened;
        async::run_and_wait(
            loops_.home_of(made.id).get_executor(),
            "open account",
            [this, &made, &opened]() -> async::Awaitable<> {
                const config::Account from = made.as_configured();
                Opening how = opening_of(made);
                opened = co_await open_account(from, std::move(how));
            }
        );
        if (!opened) return opened;
    }
    Result<void> resumed;
    async::run_and_wait(
        loops_.at(0).get_executor(),
        "resume connect flows",
        [this, &resumed]() -> async::Awaitable<> { resumed = co_await flows_->resume(); }
    );
    return resumed;
}

/// An instance without settings, in which a CONNECT task runs; what is connected anew keeps its own
/// when that still works.
async::Awaitable<Result<std::shared_ptr<accounts::Account>>> Host::draft_account(connect::Kept kept
) {
    Claims::Hold claim{claims_, account_claim(kept.account)};
    if (!claim.take()) co_return Error{Fault::conflict, kept.account + " is being changed"};
    auto present = directory_.account(kept.account);
    if (present && !is_made(*present))
        co_return Error{Fault::conflict, kept.account + " is written in " + present->place.file};
    const bool same = present && present->connector.text() == kept.connector &&
                      present->portal->id.text() == kept.portal;
    if (present && !present->draft && !same)
        co_return Error{Fault::conflict, kept.account + " is there, and another one"};
    if (present && !present->draft && present->strand) co_return present;
    if (present && present->draft) {  // of a flow that was interrupted
        co_await close_account(present);
        directory_.remove(present);
        present = nullptr;
    }
    Claims::Hold stay{claims_, accounts_claim(kept.portal)};
    auto portal = stay.share() ? directory_.portal(kept.portal) : nullptr;
    if (!portal) co_return Error{Fault::not_found, "no portal called " + kept.portal};
    auto generation = catalogue_->current(ConnectorId{kept.connector});
    if (!generation) co_return Error{Fault::not_found, "no connector called " + kept.connector};
    config::Account from;
    from.id = kept.account;
    from.connector = kept.connector;
    from.portal = kept.portal;
    from.line = kept.line;
    from.place.file = accounts::kStoreOwns;
    if (present) from.settings = present->settings;
    for (const auto& [key, value] : kept.settings)
        from.settings[key] = value;
    auto draft = std::make_shared<accounts::Account>(from, portal, loops_.home_of(from.id));
    draft->draft = true;
    const auto open = [this, &draft, &generation, &portal]() -> async::Awaitable<Result<void>> {
        const std::string lane = "account/" + draft->id.text();
        auto opened = co_await pool_.run([this, &lane, &portal] {
            return store_->open_lane(lane, portal->limits().waiting_bytes);
        });
        if (!opened) co_return opened.error();
        draft->lane = opened->id;
        auto recalled = co_await recall_aliases(draft.get());
        if (!recalled) co_return recalled;
        auto made = co_await make_strand(draft, generation);
        co_return made;
    };
    auto opened = co_await async::on(draft->loop.get_executor(), open);
    if (!opened) co_return opened.error();
    // The messenger may call while it is being connected.
    directory_.add(draft);
    co_return draft;
}

async::Awaitable<> Host::drop_draft(std::shared_ptr<accounts::Account> account) {
    const std::string id = account->id.text();
    Claims::Hold claim{claims_, account_claim(id)};
    while (!claim.take() && !*stopping_)
        co_await async::pause(kLook);
    Claims::Hold stay{claims_, accounts_claim(account->portal->id.text())};
    (void)stay.share();  // nobody removes the portal of an account that is there
    const bool shown = directory_.account(id) == account;
    co_await close_account(account);
    if (!shown) co_return;
    directory_.remove(account);
    // One that was there before is there again, as it was.
    auto all = co_await pool_.run([this] { return accounts::load_made(*store_); });
    if (!all) co_return;
    const auto made = std::ranges::find(*all, id, &accounts::Made::id);
    if (made == all->end()) co_return;
    const config::Account from = made->as_configured();
    Opening how = opening_of(*made);
    (void)co_await open_account(from, std::move(how));
}

/// Ends what an account does on its own, its tasks and its lane; what waits in the lane stays.
async::Awaitable<> Host::close_account(std::shared_ptr<accounts::Account> account) {
    const auto leave = [&account]() -> async::Awaitable<> {
        *account->leaving = true;
        co_return;
    };
    co_await async::on(account->loop.get_executor(), leave);
    const auto end = [account]() -> async::Awaitable<> {
        if (account->strand) co_await account->strand->stop();
    };
    std::function<async::Awaitable<>()> cut = [account, end]() -> async::Awaitable<> {
        co_await async::on(account->loop.get_executor(), end);
    };
    std::string lane = "account/" + account->id.text();
    auto removed = co_await lanes_->remove(std::move(lane), std::move(cut));
    if (!removed && removed.error().fault != Fault::not_found)
        spdlog::warn(
            "account.not_at_rest account={} reason={}", account->id.text(), removed.error().context
        );
    co_await async::on(account->loop.get_executor(), end);
    const auto drop = [&account]() -> async::Awaitable<> {
        account->strand.reset();
        co_return;
    };
    co_await async::on(account->loop.get_executor(), drop);
}

/// Whether its connector will take the account, as far as its manifest tells.
Result<void> Host::check_made(const accounts::Made& made) const {
    const auto generation = catalogue_->current(ConnectorId{made.connector});
    if (!generation) return Error{Fault::not_found, "no connector called " + made.connector};
    return check_settings(made.settings, settings_of(generation->manifest().json));
}

/// Somebody may have taken its webhook: checks it now instead of at its time.
void Host::look_at_again(const std::string& id) {
    auto account = directory_.account(id);
    if (!account) return;
    async::spawn(
        account->loop.get_executor(),
        "check " + id,
        [this, account]() -> async::Awaitable<> {
            if (account->strand && !*account->leaving)
                (void)co_await inbound::check(*inbound_, *store_, account);
        }
    );
}

/// What a flow ended in takes the place of its draft, or of what the account was.
async::Awaitable<Result<void>> Host::open_connected(accounts::Made made) {
    Claims::Hold claim{claims_, account_claim(made.id)};
    while (!claim.take() && !*stopping_)
        co_await async::pause(kLook);
    std::string id = made.id;
    auto opened = co_await open_made(std::move(made));
    if (!opened) co_return opened;
    const auto account = directory_.account(id);
    if (account && account->strand) co_return opened;
    co_return Error{
        Fault::rejected, account ? explained(account->health()) : std::string{"it is not there"}};
}

async::Awaitable<Result<void>> Host::open_made(accounts::Made made) {
    if (auto former = directory_.account(made.id)) co_await close_account(former);
    const config::Account from = made.as_configured();
    const auto open = [this, &from, &made]() -> async::Awaitable<Result<void>> {
        Opening how = opening_of(made);
        how.anew = true;
        auto opened = co_await open_account(from, std::move(how));
        co_return opened;
    };
    auto opened = co_await async::on(loops_.home_of(made.id).get_executor(), open);
    co_return opened;
}

async::Awaitable<Result<std::string>> Host::change_account(admin::AccountChange change) {
    Claims::Hold claim{claims_, account_claim(change.id)};
    if (!claim.take()) co_return Error{Fault::conflict, change.id + " is being changed"};
    auto present = directory_.account(change.id);
    if (present && change.create)
        co_return Error{Fault::conflict, "account " + change.id + " is there already"};
    if (!present && !change.create) co_return Error{Fault::not_found, "no such account"};
    if (present && (!is_made(*present) || present->draft))
        co_return Error{Fault::conflict, "account " + change.id + " cannot be changed here"};
    accounts::Made made;
    if (present) made = made_of(*present);
    made.id = change.id;
    if (!change.connector.empty()) made.connector = change.connector;
    if (!change.portal.empty()) made.portal = change.portal;
    if (!change.line.empty()) made.line = change.line;
    for (const auto& [key, value] : change.settings) {
        if (value.is_null())
            made.settings.erase(key);
        else
            made.settings[key] = value;
    }
    if (present &&
        (made.connector != present->connector.text() || made.portal != present->portal->id.text()))
        co_return Error{
            Fault::malformed, "connector and portal of an account stay; make another account"};
    Claims::Hold stay{claims_, accounts_claim(made.portal)};
    if (!stay.share() || !directory_.portal(made.portal))
        co_return Error{Fault::malformed, "no portal called " + made.portal};
    // Other settings may be of another account there.
    if (!change.settings.empty()) made.key.clear();
    if (made.connected) {
        auto checked = check_made(made);
        if (!checked) co_return Error{Fault::malformed, checked.error().context};
    }
    const std::optional<accounts::Made> former =
        present ? std::optional{made_of(*present)} : std::nullopt;
    auto put = co_await put_made(made);
    if (!put) co_return put.error();
    const auto now = directory_.account(made.id);
    if (!made.connected || (now && now->strand)) co_return std::string{};
    // The connector does not take it after all: everything is as it was.
    const std::string why = now ? now->health().text : std::string{"it could not be opened"};
    if (former) {
        auto back = co_await put_made(*former);
        if (!back) co_return back.error();
    } else if (now) {
        auto forgotten = co_await forget(now);
        if (!forgotten) co_return forgotten.error();
    }
    co_return Error{Fault::malformed, why};
}

/// Writes down what the account is, and lets it be that.
async::Awaitable<Result<void>> Host::put_made(accounts::Made made) {
    store::Batch batch;
    batch.put.push_back(accounts::row_of(made));
    // It may be another one at the messenger now, which numbers what it has to tell anew.
    if (made.key.empty()) batch.erase.push_back({store::Table::cursor, made.id});
    auto written = co_await store_->commit(std::move(batch));
    if (!written) co_return written.error();
    auto opened = co_await open_made(std::move(made));
    co_return opened;
}

/// The account is no more, nor what was kept for it; its lane stays until it is empty.
async::Awaitable<Result<void>> Host::forget(std::shared_ptr<accounts::Account> account) {
    directory_.remove(account);
    co_await close_account(account);
    const std::string id = account->id.text();
    const std::string of_account = std::to_string(TL_ACCOUNT) + '\0' + id + '\0';
    const std::string of_conversations = std::to_string(TL_CONVERSATION) + '\0' + id + '\0';
    const auto collect =
        [this, &id, &account, &of_account, &of_conversations]() -> Result<store::Batch> {
        constexpr std::size_t kMost = 100'000;
        store::Batch batch;
        batch.erase.push_back(accounts::erasure_of(id));
        batch.erase.push_back({store::Table::account, "health/" + id});
        batch.erase.push_back({store::Table::account, connect::kFlowPrefix + id});
        batch.erase.push_back({store::Table::cursor, id});
        batch.erase.push_back({store::Table::account, quotas::row_of_account(id)});
        for (const auto& [table, prefix] :
             {std::pair{store::Table::account, "alias/" + id + '/'},
              std::pair{store::Table::task, id + '\0'},
              std::pair{store::Table::account, quotas::rows_of_chats(id)},
              std::pair{store::Table::copy, media::jobs_of(account->id)},
              std::pair{store::Table::profile, id + '\0'},
              std::pair{store::Table::plugin, of_account},
              std::pair{store::Table::plugin, of_conversations}}) {
            auto rows = store_->rows(table, prefix, "", kMost);
            if (!rows) return rows.error();
            for (store::Row& row : *rows)
                batch.erase.push_back({table, std::move(row.key)});
        }
        return batch;
    };
    auto batch = co_await pool_.run(collect);
    if (!batch) co_return batch.error();
    auto written = co_await store_->commit(*std::move(batch));
    if (!written) co_return written.error();
    co_return Result<void>{};
}

async::Awaitable<Result<std::string>> Host::disconnect_account(
    std::shared_ptr<accounts::Account> account, bool forget_it
) {
    Claims::Hold claim{claims_, account_claim(account->id.text())};
    if (!claim.take() || directory_.account(account->id.text()) != account)
        co_return Error{Fault::conflict, account->id.text() + " is being changed"};
    // Its portal stays until it is gone: what is on its way still goes there.
    Claims::Hold accounts{claims_, accounts_claim(account->portal->id.text())};
    if (!accounts.share())
        co_return Error{
            Fault::conflict, "portal " + account->portal->id.text() + " is being removed"};
    if (!is_made(*account) || account->draft)
        co_return Error{Fault::conflict, "it cannot be disconnected here"};
    const auto undo = [this, &account]() -> async::Awaitable<std::string> {
        // Its own check would repair what is undone.
        *account->leaving = true;
        if (!account->strand && !account->disconnected) co_return "its connector is not there";
        constexpr std::chrono::milliseconds kDrain{2'000};
        for (std::chrono::milliseconds waited{0};
             account->strand && account->strand->open_tasks() > 0 && waited < kDrain;
             waited += kLook)
            co_await async::pause(kLook);
        auto trouble = co_await connect::undo(*account, *store_);
        co_return trouble;
    };
    const std::string trouble = co_await async::on(account->loop.get_executor(), undo);
    accounts::Made made = made_of(*account);
    made.connected = false;
    if (const auto generation = catalogue_->current(account->connector)) {
        for (const Setting& setting : settings_of(generation->manifest().json)) {
            if (setting.secret) made.settings.erase(setting.key);
        }
    } else {
        made.settings.clear();  // nobody knows which of them are secret
    }
    // Its portal hears of it while there still is an account to speak of.
    const auto tell = [this, &account]() -> async::Awaitable<> {
        accounts::Health health = accounts::broken(accounts::kNotConnected, "");
        (void)co_await inbound::tell_health(*ground_, *store_, *account, std::move(health));
    };
    co_await async::on(account->loop.get_executor(), tell);
    if (forget_it) {
        auto forgotten = co_await forget(account);
        if (!forgotten) co_return forgotten.error();
    } else {
        auto put = co_await put_made(std::move(made));
        if (!put) co_return put.error();
    }
    co_return trouble.empty() ? trouble : "The messenger was not told: " + trouble;
}

}  // namespace trunkline
