#include "host/reload/reloader.hpp"

#include <cerrno>
#include <filesystem>
#include <fstream>

#include <spdlog/spdlog.h>
#include <sys/eventfd.h>
#include <sys/stat.h>
#include <unistd.h>

#include "host/plugins/library.hpp"
#include "host/plugins/notes.hpp"
#include "host/plugins/signature.hpp"
#include "host/plugins/trial.hpp"
#include "host/plugins/version.hpp"
#include "host/reload/cases.hpp"
#include "host/reload/soak.hpp"

namespace trunkline::reload {
namespace {

namespace fs = std::filesystem;
using std::chrono::milliseconds;

constexpr std::size_t kZombiesMax = 8;
constexpr milliseconds kUnmapPatience{3'000};

std::string connector_of(const std::string& file) {
    return fs::path{file}.stem().string();
}

Error refusal(std::string why) {
    return Error{Fault::rejected, std::move(why)};
}

}  // namespace

bool Reloader::is_older(const std::string& one, const std::string& other) {
    const auto a = plugins::Version::parse(one);
    const auto b = plugins::Version::parse(other);
    return a && b && *a < *b;
}

boost::json::object Reloader::recipe_of(const plugins::Generation& generation) {
    const auto* accept = generation.manifest().json.if_contains("accept");
    return accept != nullptr && accept->is_object() ? accept->get_object() : boost::json::object{};
}

Reloader::Reloader(Rooms rooms, Options options)
    : rooms_{rooms}, options_{std::move(options)}, folder_{options_.directory} {
    std::error_code error;
    fs::create_directories(options_.kept, error);
    if (error || ::chmod(options_.kept.c_str(), 0700) != 0)
        spdlog::error(
            "plugins.nothing_kept folder={} reason=\"it cannot be made: there is no going back\"",
            options_.kept
        );
    wake_ = ::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
}

Reloader::~Reloader() {
    stop();
    if (wake_ >= 0) ::close(wake_);
}

std::string Reloader::deployed(const std::string& connector) const {
    return (fs::path{options_.directory} / (connector + ".so")).string();
}

std::string Reloader::kept(const std::string& connector) const {
    return (fs::path{options_.kept} / (connector + ".so")).string();
}

// The whole of a replacement, in the order it happens. Until the last step the present generation
// knows nothing of it.
Result<void> Reloader::replace(const std::string& file, How how, Wish wish) {
    const auto began = Steady::now();
    const std::string connector = connector_of(file);
    auto present = plugins::is_connector_id(connector)
                       ? rooms_.catalogue.current(ConnectorId{connector})
                       : nullptr;
    Attempt attempt;
    attempt.at_ms = rooms_.clock.wall_ms();
    if (present) attempt.from = present->label();
    enum class Told { no, yes };  // the catalogue tells of what it refuses itself
    const auto refused = [&](const Error& why, Told told) -> Result<void> {
        attempt.result = "refused";
        attempt.reason = why.context;
        rooms_.catalogue.remark(deployed(connector), why.context);
        if (told == Told::no)
            spdlog::error("plugins.refused file={} reason=\"{}\"", file, why.context);
        note(connector, attempt);
        return why;
    };

    auto candidate = rooms_.catalogue.stage(file);
    if (!candidate) return refused(candidate.error(), Told::yes);
    attempt.to = candidate->manifest().version;
    if (how == How::deployed && present && present->origin().digest == candidate->origin().digest) {
        rooms_.catalogue.remark(deployed(connector), "");
        return {};  // touched, or put back as it was
    }
    if (how == How::deployed && rooms_.book.of(connector).refused == candidate->origin().digest)
        return refused(
            refusal(
                "this file was taken back before: trunkctl plugins reload " + connector +
                " tries it again"
            ),
            Told::no
        );
    if (how != How::back) {
        if (auto pinned = check_pin(*candidate, wish); !pinned)
            return refused(pinned.error(), Told::no);
        const auto zombies = report(connector).zombies;
        if (zombies > kZombiesMax)
            return refused(
                refusal(
                    std::to_string(zombies) +
                    " former libraries stay mapped: restart the host, or isolate this connector"
                ),
                Told::no
            );
    }
    if (auto tried = rooms_.catalogue.try_out(*candidate); !tried)
        return refused(tried.error(), Told::yes);
    if (auto tried = try_on_accounts(*candidate); !tried) return refused(tried.error(), Told::no);
    if (present && how != How::back) {
        if (auto alike = compare_with(*present, *candidate, wish); !alike)
            return refused(alike.error(), Told::no);
    }
    std::shared_ptr<plugins::Generation> next;
    if (auto mapped = rooms_.catalogue.map(*std::move(candidate)))
        next = *std::move(mapped);
    else
        return refused(mapped.error(), Told::yes);

    const Switched switched = rooms_.serving.go_over(next, present);
    present.reset();  // whoever retires it waits until nobody holds it
    if (switched.failure) {
        retire(connector, std::move(next));
        return refused(refusal(*switched.failure), Told::no);
    }
    attempt.to = next->label();
    put_in_charge(std::move(next), how);
    attempt.result = how == How::back ? "taken_back" : "served";
    attempt.accounts = switched.accounts;
    attempt.pause_us_median = switched.pause_us_median;
    attempt.pause_us_max = switched.pause_us_max;
    attempt.took_ms = static_cast<std::uint64_t>(
        std::chrono::duration_cast<milliseconds>(Steady::now() - began).count()
    );
    note(connector, attempt);
    spdlog::info(
        "plugins.serves connector={} former={} accounts={} took_ms={} pause_us={}",
        attempt.to,
        attempt.from.empty() ? "none" : attempt.from,
        attempt.accounts,
        attempt.took_ms,
        attempt.pause_us_max
    );
    rooms_.serving.replay(ConnectorId{connector}, Serving::Kept::all);
    return {};
}

Result<void> Reloader::check_pin(const plugins::Candidate& candidate, Wish wish) const {
    if (!options_.pin || wish.older) return {};
    const Entry entry = rooms_.book.of(candidate.manifest().id.text());
    if (entry.pinned.empty() || !is_older(candidate.manifest().version, entry.pinned)) return {};
    if (entry.allowed == candidate.origin().digest) return {};
    return refusal(
        "version " + candidate.manifest().version + " is older than " + entry.pinned +
        ", which has served: trunkctl plugins reload " + candidate.manifest().id.text() +
        " --allow-older"
    );
}

/// An instance must come of every account that is served now.
Result<void> Reloader::try_on_accounts(const plugins::Candidate& candidate) {
    if (options_.runner.empty()) return {};
    const auto accounts = rooms_.serving.accounts(candidate.manifest().id);
    plugins::TrialOptions options;
    options.runner = options_.runner;
    options.unwanted = options_.stopping;
    const auto result =
        plugins::run_trial(options, candidate.origin().staged, account_cases(accounts));
    // It had the accounts' secrets, and may say them.
    if (result.failure)
        return refusal("in its trial: " + without_secrets(accounts, *result.failure));
    for (const plugins::CaseResult& each : result.cases) {
        if (each.created != 0)
            return refusal(
                "in its trial: create for " + each.name + " answers " +
                std::to_string(each.created) +
                (each.said.empty() ? "" : ": " + without_secrets(accounts, each.said))
            );
    }
    return {};
}

/// What came lately must be understood as it was.
Result<void> Reloader::compare_with(
    const plugins::Generation& present, const plugins::Candidate& candidate, Wish wish
) {
    if (options_.runner.empty()) return {};
    const ConnectorId& id = candidate.manifest().id;
    const std::string cases = recent_cases(rooms_.serving.accounts(id), rooms_.serving.recent(id));
    if (cases.empty()) return {};
    plugins::TrialOptions options;
    options.runner = options_.runner;
    options.unwanted = options_.stopping;
    const auto before = plugins::run_trial(options, present.origin().staged, cases);
    const auto after = plugins::run_trial(options, candidate.origin().staged, cases);
    Comparison comparison = compare(before.cases, after.cases);
    std::optional<std::string> why;
    // A former generation that dies of it says nothing about the new one.
    if (after.failure && !before.failure)
        why = "on what came lately: " + *after.failure;
    else if (const Difference* stop = comparison.stop())
        why = "on what came lately, " + stop->task + ", input " + std::to_string(stop->input + 1) +
              ": " + stop->what + (stop->was.empty() ? "" : ": " + stop->was + " -> " + stop->is);
    {
        const std::lock_guard lock{mutex_};
        reports_[id.text()].comparison = std::move(comparison);
    }
    if (!why || wish.force) return {};
    return refusal(*why + "; see trunkctl plugins diff " + id.text());
}

void Reloader::put_in_charge(std::shared_ptr<plugins::Generation> next, How how) {
    const std::string connector = next->manifest().id.text();
    Entry entry = rooms_.book.of(connector);
    entry.disabled = false;
    entry.accept = recipe_of(*next);
    if (how != How::back) {
        entry.refused.clear();
        entry.allowed =
            is_older(next->manifest().version, entry.pinned) ? next->origin().digest : "";
        if (entry.pinned.empty() || is_older(entry.pinned, next->manifest().version))
            entry.pinned = next->manifest().version;
    }
    auto former = rooms_.catalogue.adopt(std::move(next));
    if (how == How::back && former) entry.refused = former->origin().digest;
    rooms_.book.keep(connector, entry);

    const Totals now = rooms_.serving.totals(ConnectorId{connector});
    soaks_.erase(connector);
    const bool soaks = former != nullptr && how != How::back && options_.soak.count() > 0;
    if (soaks) soaks_[connector] = {Steady::now() + options_.soak, now - since_[connector], now};
    since_[connector] = now;
    {
        const std::lock_guard lock{mutex_};
        Report& report = reports_[connector];
        report.soaking = soaks;
        report.previous = former && how != How::back ? former->label() : "";
    }
    if (former) {
        if (how != How::back) keep_copy(*former);
        retire(connector, std::move(former));
    }
}

/// The staged copy goes with its generation; under another name it stays.
void Reloader::keep_copy(const plugins::Generation& former) {
    const std::string connector = former.manifest().id.text();
    const std::string fresh = kept(connector) + ".new";
    ::unlink(fresh.c_str());
    if (::link(former.origin().staged.c_str(), fresh.c_str()) == 0 &&
        ::rename(fresh.c_str(), kept(connector).c_str()) == 0) {
        const std::string signature = plugins::signature_file(kept(connector));
        ::unlink(signature.c_str());
        if (!former.origin().signature.text.empty())
            std::ofstream{signature} << former.origin().signature.text;
        return;
    }
    spdlog::error("plugins.not_kept connector={} reason=\"{}\"", former.label(), ::strerror(errno));
    const std::lock_guard lock{mutex_};
    reports_[connector].previous.clear();
}

void Reloader::retire(std::string connector, std::shared_ptr<plugins::Generation> generation) {
    retired_.push_back({std::move(connector), std::move(generation)});
    // Nearly always its tasks have ended by now; what has not is looked after by the ticks.
    const auto until = Steady::now() + kUnmapPatience;
    while (retired_.back().generation.use_count() > 1 && Steady::now() < until)
        std::this_thread::sleep_for(milliseconds{1});
    bury();
}

/// Unmaps what nothing uses any more, and proves it.
void Reloader::bury() {
    for (Retired& each : retired_) {
        if (each.generation.use_count() > 1) continue;
        const std::string staged = each.generation->origin().staged;
        each.generation.reset();
        if (!plugins::is_mapped(staged)) continue;
        const std::lock_guard lock{mutex_};
        ++reports_[each.connector].zombies;
    }
    std::erase_if(retired_, [](const Retired& each) { return each.generation == nullptr; });
    const std::lock_guard lock{mutex_};
    for (auto& [connector, report] : reports_)
        report.draining = 0;
    for (const Retired& each : retired_)
        ++reports_[each.connector].draining;
}

void Reloader::withdraw(
    const std::string& connector, const std::string& state, const std::string& why
) {
    soaks_.erase(connector);
    rooms_.serving.leave(ConnectorId{connector}, why);
    auto former = rooms_.catalogue.withdraw(ConnectorId{connector}, state, why);
    {
        const std::lock_guard lock{mutex_};
        reports_[connector].soaking = false;
        reports_[connector].previous.clear();  // nothing serves that could be gone back from
    }
    if (former) retire(connector, std::move(former));
}

void Reloader::go_back(const std::string& connector, const std::string& why) {
    soaks_.erase(connector);
    spdlog::error("plugins.going_back connector={} reason=\"{}\"", connector, why);
    {
        const std::lock_guard lock{mutex_};
        reports_[connector].soaking = false;
    }
    auto back = replace(kept(connector), How::back, {});
    const std::string reason =
        back ? "taken back: " + why : "cannot be taken back: " + back.error().context;
    rooms_.catalogue.remark(deployed(connector), reason);
    const std::lock_guard lock{mutex_};
    reports_[connector].last.reason = reason;
}

async::Awaitable<Result<void>> Reloader::reload(std::string connector, Wish wish) {
    const auto work = [this, &connector, wish]() -> Result<void> {
        if (!plugins::is_connector_id(connector) || !fs::exists(deployed(connector)))
            return Error{Fault::not_found, "there is no " + deployed(connector)};
        return replace(deployed(connector), How::asked, wish);
    };
    auto result = co_await control_.run(work);
    co_return result;
}

async::Awaitable<Result<void>> Reloader::roll_back(std::string connector) {
    const auto work = [this, &connector]() -> Result<void> {
        const Report known = report(connector);
        if (known.previous.empty()) return Error{Fault::conflict, "there is nothing to go back to"};
        auto back = replace(kept(connector), How::back, {});
        if (back) rooms_.catalogue.remark(deployed(connector), "taken back by an operator");
        return back;
    };
    auto result = co_await control_.run(work);
    co_return result;
}

async::Awaitable<Result<std::string>> Reloader::recent(std::string connector) {
    const auto work = [this, &connector]() -> Result<std::string> {
        if (!plugins::is_connector_id(connector) ||
            rooms_.catalogue.current(ConnectorId{connector}) == nullptr)
            return Error{Fault::not_found, "no connector called " + connector + " serves"};
        const ConnectorId id{connector};
        return recent_cases(rooms_.serving.accounts(id), rooms_.serving.recent(id));
    };
    auto result = co_await control_.run(work);
    co_return result;
}

async::Awaitable<Result<void>> Reloader::disable(std::string connector) {
    const auto work = [this, &connector]() -> Result<void> {
        if (!plugins::is_connector_id(connector) ||
            rooms_.catalogue.current(ConnectorId{connector}) == nullptr)
            return Error{Fault::not_found, "no connector called " + connector + " serves"};
        Entry entry = rooms_.book.of(connector);
        entry.disabled = true;
        rooms_.book.keep(connector, entry);
        withdraw(connector, "disabled", "by an operator");
        return {};
    };
    auto result = co_await control_.run(work);
    co_return result;
}

void Reloader::note(const std::string& connector, Attempt attempt) {
    const std::lock_guard lock{mutex_};
    Report& report = reports_[connector];
    ++report.attempts[attempt.result];
    report.last = std::move(attempt);
}

Report Reloader::report(const std::string& connector) const {
    const std::lock_guard lock{mutex_};
    const auto found = reports_.find(connector);
    return found == reports_.end() ? Report{} : found->second;
}

std::map<std::string, Report> Reloader::reports() const {
    const std::lock_guard lock{mutex_};
    return reports_;
}

}  // namespace trunkline::reload
