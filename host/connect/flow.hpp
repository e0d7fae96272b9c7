#pragma once

#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include <boost/json/object.hpp>

#include "host/accounts/account.hpp"
#include "host/accounts/made.hpp"
#include "host/inbound/inbound.hpp"
#include "host/store/store.hpp"

/// Connecting accounts while the host runs: a connector's CONNECT task shows forms, one after the
/// other, and a person answers them, today or tomorrow.
///
///     begin --> working --> waiting (a form) --answer--> working --> ... --> done | failed
///                              \--cancel, time-out--> cancelled | failed, undone at the messenger
namespace trunkline::connect {

/// What a flow is about, and what of it outlives the host. Kept in the store with its forms.
struct Kept {
    std::string account, connector, portal, line;
    boost::json::object settings;  ///< what is set already, over those of an account that is there
    bool again = false;            ///< the account is there already and is connected anew
    std::string secret;  ///< 32 random bytes, base64url: names the flow in its page's address
    WallMs began_ms = 0;
    WallMs until_ms = 0;  ///< then it is given up
    std::vector<tasks::Told> told;
    std::string seed;
};

store::Put row_of(const Kept& kept);
store::Erase erasure_of(const Kept& kept);
/// None when the row cannot be read.
std::optional<Kept> read_kept(const store::Row& row);
inline constexpr char kFlowPrefix[] = "flow/";

/// Where a flow stands, for those who look.
struct Stage {
    std::string state = "working";  ///< working, waiting, done, failed, cancelled
    std::string step;               ///< of the form: stable while it is shown
    boost::json::object form;       ///< waiting
    std::string code, text;         ///< failed; or what the connector wants said at the end
    std::string title, url;         ///< done: of the account at its messenger
    bool over() const { return state != "working" && state != "waiting"; }
};

/// One account being connected. Made by Flows. What is not guarded lives on the account's loop.
class Flow final : public tasks::Sink, public std::enable_shared_from_this<Flow> {
public:
    struct Services {
        const inbound::Ground& ground;
        store::Store& store;
        std::string return_url;
        /// Whether another account has that key at the messenger already: its id, or "".
        std::function<std::string(const std::string& connector, const std::string& key)> owner_of;
        /// Whether its connector can take what came out, as far as its manifest tells.
        std::function<Result<void>(const accounts::Made& made)> check;
    };
    Flow(Kept kept, std::shared_ptr<accounts::Account> account, Services services);

    const std::string& secret() const { return kept_.secret; }        ///< `[any]`
    const std::string& account() const { return kept_.account; }      ///< `[any]`
    const std::string& connector() const { return kept_.connector; }  ///< `[any]`
    WallMs until_ms() const { return kept_.until_ms; }                ///< `[any]`
    bool again() const { return kept_.again; }                        ///< `[any]`
    std::string browser_value() const;  ///< what the browser that opened the page has; `[any]`
    std::string state_value() const;    ///< what a sign-in carries through; `[any]`
    Stage stage() const;                ///< `[any]`

    /// Runs the connector's task to its end. What came of it is in `stage`, and `made` when an
    /// account came of it.
    async::Awaitable<> run();
    /// It ended with its connector or with the host, not by itself.
    bool interrupted() const { return interrupted_; }
    /// Whether the account that came of it lives.
    void opened(const Result<void>& how);
    /// Whose account at the messenger it turned out to be; "" = nobody's.
    const std::string& owner() const { return owner_; }
    const std::shared_ptr<accounts::Account>& draft() const { return account_; }
    const std::optional<accounts::Made>& made() const { return made_; }

    /// Takes what was entered for `step`; the same `transaction` again changes nothing. `conflict`:
    /// another step is shown; `malformed`: the field, and what is wrong.
    Result<void> enter(
        const std::string& step, const std::string& transaction, const boost::json::object& values
    );
    /// A sign-in came back with these parameters. `conflict` when none is waited for.
    Result<void> returned(boost::json::object query);
    /// Somebody no longer wants it.
    void cancel();

    async::Awaitable<Result<void>> commit(tasks::Durable durable) override;
    void ask(tasks::Form form, std::function<void(std::string)> answer) override;

private:
    std::string task_key() const { return "connect/" + kept_.account; }
    std::string known() const;
    boost::json::object presets() const;
    Result<accounts::Made> made_from(const std::string& result);
    void end_as(std::string state, std::string code, std::string text);

    Kept kept_;  // `told` and `seed` change, on the loop
    const std::shared_ptr<accounts::Account> account_;
    const Services services_;
    std::optional<accounts::Made> made_;
    std::function<void(std::string)> answer_;
    std::string last_transaction_;
    bool cancelled_ = false;
    bool interrupted_ = false;
    std::optional<Error> refused_;  ///< why a result was not taken
    std::string owner_;
    std::string said_;  ///< what the connector wants said at the end

    mutable std::mutex mutex_;  // guards stage_
    Stage stage_;
};

}  // namespace trunkline::connect
