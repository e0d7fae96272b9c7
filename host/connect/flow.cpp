#include "host/connect/flow.hpp"

#include <boost/json.hpp>
#include <spdlog/spdlog.h>

#include "host/async/spawn.hpp"
#include "host/base/base64.hpp"
#include "host/connect/form.hpp"
#include "host/connect/undo.hpp"
#include "host/seal/crypto.hpp"

// GCC 12 inlines only the first half of the pair of functions that a coroutine frame is allocated
// by, and takes the other for a stranger.
#pragma GCC diagnostic ignored "-Wmismatched-new-delete"

namespace trunkline::connect {
namespace {

namespace json = boost::json;

constexpr std::size_t kKeyMax = 256;
constexpr std::size_t kTitleMax = 1'024;

std::string text_at(const json::object& of, std::string_view key, std::size_t most) {
    const auto* value = of.if_contains(key);
    if (value == nullptr || !value->is_string()) return {};
    std::string text{value->get_string()};
    if (text.size() > most) text.clear();
    return text;
}

}  // namespace

Flow::Flow(Kept kept, std::shared_ptr<accounts::Account> account, Services services)
    : kept_{std::move(kept)}, account_{std::move(account)}, services_{std::move(services)} {}

/// Not the page's own secret: what goes to a messenger must not open the page.
std::string Flow::state_value() const {
    return base64url_encode(seal::hmac_sha256(kept_.secret, "sign-in")).substr(0, 32);
}

std::string Flow::browser_value() const {
    return base64url_encode(seal::hmac_sha256(kept_.secret, "browser")).substr(0, 32);
}

Stage Flow::stage() const {
    const std::lock_guard lock{mutex_};
    return stage_;
}

std::string Flow::known() const {
    return json::serialize(json::object{
        {"account", kept_.account},
        {"state", state_value()},
        {"return_url", services_.return_url},
        {"settings", presets()}});
}

json::object Flow::presets() const {
    json::object out = account_->settings;
    for (const auto& [key, value] : kept_.settings)
        out[key] = value;
    return out;
}

async::Awaitable<> Flow::run() {
    const auto keep = shared_from_this();
    tasks::Start start;
    start.kind = TL_IN_CONNECT;
    start.body = known();
    start.durable_key = task_key();
    start.told = kept_.told;
    start.seed = kept_.seed;
    const WallMs left = kept_.until_ms - services_.ground.clock.wall_ms();
    start.deadline = std::chrono::milliseconds{std::max<WallMs>(left, 1)};
    tasks::End end;
    if (left <= 0)
        end.fault = Error{Fault::unavailable, "its time is over"};
    else
        end = co_await account_->strand->run(std::move(start), *this);
    answer_ = nullptr;
    if (made_) co_return;
    if (end.fault && end.fault->fault == Fault::cancelled && !cancelled_) {
        // The host stops, or the connector went: the flow goes on in the host's next life.
        interrupted_ = true;
        end_as("failed", "interrupted", "It was interrupted. Begin again.");
        co_return;
    }
    // Of an account that does not come about nothing stays at the messenger.
    if (!kept_.again) {
        const std::string trouble = co_await undo(*account_, services_.store);
        if (!trouble.empty())
            spdlog::warn("connect.not_undone account={} reason={}", kept_.account, trouble);
    }
    store::Batch batch;
    batch.erase.push_back(erasure_of(kept_));
    auto written = co_await services_.store.commit(std::move(batch));
    if (!written)
        spdlog::warn(
            "connect.not_forgotten account={} reason={}", kept_.account, written.error().context
        );
    if (cancelled_)
        end_as("cancelled", "cancelled", "It was cancelled.");
    else if (refused_)
        end_as("failed", to_string(refused_->fault), refused_->context);
    else if (end.fault && left > 0 && services_.ground.clock.wall_ms() < kept_.until_ms)
        end_as("failed", to_string(end.fault->fault), end.fault->context);
    else if (end.fault)
        end_as("failed", "timed_out", "Nobody went on with it in time.");
    else if (end.outcome)
        end_as("failed", end.outcome->code, end.outcome->text);
}

void Flow::opened(const Result<void>& how) {
    if (how)
        end_as("done", {}, {});
    else
        end_as("failed", to_string(how.error().fault), how.error().context);
}

void Flow::end_as(std::string state, std::string code, std::string text) {
    spdlog::info("connect.ended account={} state={} code={}", kept_.account, state, code);
    const std::lock_guard lock{mutex_};
    stage_ = Stage{};
    stage_.state = std::move(state);
    stage_.code = std::move(code);
    stage_.text = text.empty() ? said_ : std::move(text);
    if (made_) {
        stage_.title = made_->title;
        stage_.url = made_->url;
    }
}

/// `{"settings","secrets","account_key","title","url","text"}`
Result<accounts::Made> Flow::made_from(const std::string& result) {
    boost::system::error_code bad;
    const json::value parsed = json::parse(result, bad);
    const auto* object = bad ? nullptr : parsed.if_object();
    if (object == nullptr)
        return Error{Fault::malformed, "the connector's result is no JSON object"};
    accounts::Made made;
    made.id = kept_.account;
    made.connector = kept_.connector;
    made.portal = kept_.portal;
    made.line = kept_.line;
    made.settings = presets();
    for (const char* part : {"settings", "secrets"}) {
        const auto* values = object->if_contains(part);
        if (values == nullptr) continue;
        if (!values->is_object())
            return Error{
                Fault::malformed, std::string{"the connector's "} + part + " are no object"};
        for (const auto& [key, value] : values->get_object())
            made.settings[key] = value;
    }
    made.key = text_at(*object, "account_key", kKeyMax);
    made.title = text_at(*object, "title", kTitleMax);
    made.url = text_at(*object, "url", kTitleMax);
    if (!made.url.starts_with("https://") && !made.url.starts_with("http://")) made.url.clear();
    if (!made.key.empty()) {
        const std::string owner = services_.owner_of(made.connector, made.key);
        if (!owner.empty() && owner != made.id) {
            owner_ = owner;
            return Error{Fault::conflict, "it is connected already, as " + owner};
        }
    }
    auto checked = services_.check(made);
    if (!checked) return checked.error();
    said_ = text_at(*object, "text", kTitleMax);
    return made;
}

async::Awaitable<Result<void>> Flow::commit(tasks::Durable durable) {
    store::Batch batch;
    if (durable.outcome && durable.outcome->kind == TL_DONE) {
        auto made = made_from(durable.outcome->value);
        if (!made) {
            refused_ = made.error();
            co_return made.error();
        }
        batch.put.push_back(accounts::row_of(*made));
        // Another account at the messenger numbers what it has to tell anew.
        if (account_->key() != made->key)
            batch.erase.push_back({store::Table::cursor, kept_.account});
        batch.erase.push_back(erasure_of(kept_));
        made_ = *std::move(made);
    }
    for (store::Put& put : durable.put)
        batch.put.push_back(std::move(put));
    for (store::Erase& erase : durable.erase)
        batch.erase.push_back(std::move(erase));
    if (batch.put.empty() && batch.erase.empty()) co_return Result<void>{};
    auto written = co_await services_.store.commit(std::move(batch));
    if (!written) {
        made_.reset();
        co_return written.error();
    }
    co_return Result<void>{};
}

void Flow::ask(tasks::Form form, std::function<void(std::string)> answer) {
    auto wanted = shown(form.json);
    if (!wanted) wanted = json::object{{"kind", "show"}, {"title", "This form cannot be shown"}};
    kept_.told = std::move(form.told);
    kept_.seed = std::move(form.seed);
    answer_ = std::move(answer);
    // In the background: a person reads for longer than a write takes, and what is lost with a
    // crash in between is shown again.
    async::spawn(
        account_->loop.get_executor(),
        "keep connect flow",
        [self = shared_from_this()]() -> async::Awaitable<> {
            store::Batch batch;
            batch.put.push_back(row_of(self->kept_));
            auto written = co_await self->services_.store.commit(std::move(batch));
            if (!written)
                spdlog::warn(
                    "connect.not_kept account={} reason={}",
                    self->kept_.account,
                    written.error().context
                );
        }
    );
    const std::lock_guard lock{mutex_};
    stage_ = Stage{};
    stage_.state = "waiting";
    stage_.step = std::to_string(form.step);
    stage_.form = *std::move(wanted);
}

Result<void> Flow::enter(
    const std::string& step, const std::string& transaction, const json::object& values
) {
    if (!transaction.empty() && transaction == last_transaction_) return {};
    {
        const std::lock_guard lock{mutex_};
        if (stage_.state != "waiting" || stage_.step != step || !answer_)
            return Error{Fault::conflict, "this step is not the one that is shown"};
        const auto* kind = stage_.form.if_contains("kind");
        if (kind != nullptr && *kind == json::string{"redirect"})
            return Error{Fault::conflict, "this step is answered by the sign-in page"};
        auto judged = judge(stage_.form, values);
        if (!judged) return judged;
        stage_ = Stage{};
    }
    last_transaction_ = transaction;
    std::exchange(answer_, nullptr)(json::serialize(json::object{{"values", values}}));
    return {};
}

Result<void> Flow::returned(json::object query) {
    {
        const std::lock_guard lock{mutex_};
        const auto* kind = stage_.form.if_contains("kind");
        if (stage_.state != "waiting" || !answer_ || kind == nullptr ||
            *kind != json::string{"redirect"})
            return Error{Fault::conflict, "no sign-in is waited for"};
        stage_ = Stage{};
    }
    std::exchange(answer_, nullptr)(json::serialize(json::object{{"query", std::move(query)}}));
    return {};
}

void Flow::cancel() {
    if (stage().over()) return;
    cancelled_ = true;
    if (account_->strand) account_->strand->cancel(task_key());
}

}  // namespace trunkline::connect
