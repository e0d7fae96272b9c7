// Making and ending instances.
#include <algorithm>

#include "allocations.hpp"
#include "check.hpp"
#include "library.hpp"
#include "runs.hpp"

namespace trunkline::conform {
namespace lifecycle_group {
namespace {

constexpr std::size_t kLargeBytes = 1U << 20U;

/// An account whose settings are changed by `change`.
template <class Change>
Account changed(const Account& from, Change change) {
    Account account = from;
    json::value settings = parsed(account.settings).value_or(json::object{});
    if (!settings.is_object()) settings = json::object{};
    change(settings.get_object());
    account.settings = json::serialize(settings);
    return account;
}

/// The one account of each kind among the cases.
std::vector<Account> accounts_of(const Trial& trial) {
    std::vector<Account> accounts;
    for (const Golden& golden : trial.subject().cases) {
        const bool there = std::ranges::any_of(accounts, [&](const Account& each) {
            return each.settings == golden.account.settings &&
                   each.connector == golden.account.connector && each.scope == golden.account.scope;
        });
        if (!there) accounts.push_back(golden.account);
    }
    return accounts;
}

void good_config(Trial& trial) {
    const auto accounts = accounts_of(trial);
    if (accounts.empty()) return trial.not_applicable("there are no golden cases");
    const Library library{trial.subject()};
    for (const Account& account : accounts) {
        const TestHost plain{library.plugin(), account};
        trial.expect(
            plain.created() == TL_OK, "the account of a golden case: " + name_of(plain.created())
        );
        const TestHost more{library.plugin(), changed(account, [](json::object& settings) {
                                settings["conform_unknown_key"] = json::array{1, "x", nullptr};
                            })};
        trial.expect(
            more.created() == plain.created(),
            "a setting that it does not know: " + name_of(more.created())
        );
    }
}

/// Settings that may be refused, and then in one way only.
void refused_well(
    Trial& trial, const tl_plugin& plugin, const Account& account, std::string_view what
) {
    trial.at(what);
    const TestHost host{plugin, account};
    const tl_status status = host.created();
    trial.expect(
        status == TL_OK || status == TL_E_BAD_CONFIG, std::string{what} + ": " + name_of(status)
    );
    if (status == TL_E_BAD_CONFIG)
        trial.expect(
            !host.log().empty(),
            std::string{what} + ": BAD_CONFIG without a line in the log that says why"
        );
}

void bad_config(Trial& trial) {
    const Library library{trial.subject()};
    const tl_plugin& plugin = library.plugin();
    std::vector<Account> accounts = accounts_of(trial);
    if (accounts.empty()) accounts.emplace_back();
    for (const Account& account : accounts) {
        const auto with = [&](std::string settings) {
            Account other = account;
            other.settings = std::move(settings);
            return other;
        };
        refused_well(trial, plugin, with("{}"), "settings {}");
        refused_well(trial, plugin, with(""), "empty settings");
        refused_well(trial, plugin, with("[]"), "settings that are a list");
        refused_well(trial, plugin, with("{\"a\":"), "settings that are no JSON");
        Account no_connector = account;
        no_connector.connector = "";
        refused_well(trial, plugin, no_connector, "empty settings of the connector");
        const auto known = parsed(account.settings).value_or(json::object{});
        if (!known.is_object()) continue;
        for (const auto& [key, ignored] : known.get_object()) {
            const std::string name{key};
            const auto put = [&](json::value value) {
                return changed(account, [&](json::object& settings) { settings[name] = value; });
            };
            refused_well(trial, plugin, put(json::object{}), name + " is an object");
            refused_well(trial, plugin, put(-1), name + " is a number");
            refused_well(
                trial, plugin, put(json::value(std::string(kLargeBytes, 'x'))), name + " of 1 MiB"
            );
            refused_well(
                trial,
                plugin,
                changed(account, [&](json::object& settings) { settings.erase(name); }),
                name + " is missing"
            );
        }
    }
}

void twice(Trial& trial) {
    for_each_case(trial, [&](const Golden& golden) {
        const Library library{trial.subject()};
        TestHost first{library.plugin(), golden.account};
        {
            TestHost second{library.plugin(), golden.account};
            if (!trial.expect(
                    second.created() == TL_OK,
                    "a second instance beside the first: " + name_of(second.created())
                ))
                return;
            feed(second, golden.inputs);
        }
        feed(first, golden.inputs);
        const Run usual = run_fresh(trial, golden);
        for (std::size_t i = 0; i < golden.inputs.size(); ++i) {
            const tl_status status = first.statuses()[i];
            trial.expect(
                !blames_anew(usual.statuses, i, status),
                "case " + golden.name() + ", input " + std::to_string(i) +
                    " after another instance ended: " + name_of(status)
            );
        }
    });
}

/// Blocks that are left when `life` was lived a few times; what the library keeps once is no leak.
template <class Life>
std::int64_t left_after(int lives, Life life) {
    constexpr int kWarm = 3;
    for (int i = 0; i < kWarm; ++i)
        life();
    const auto before = allocations();
    for (int i = 0; i < lives; ++i)
        life();
    const auto after = allocations();
    return static_cast<std::int64_t>((after.made - before.made) - (after.freed - before.freed));
}

constexpr int kLives = 12;

/// Instances that never had an input, and ones whose first task is open when they end.
void destroy_unused(Trial& trial) {
    for_each_case(trial, [&](const Golden& golden) {
        const Library library{trial.subject()};
        for (const bool used : {false, true}) {
            const std::int64_t left = left_after(kLives, [&] {
                TestHost host{library.plugin(), golden.account};
                if (used && host.created() == TL_OK) host.feed(golden.inputs.front());
            });
            if (allocations_are_counted() && left >= kLives)
                trial.fail(
                    "case " + golden.name() + ": " + std::to_string(left) + " blocks are left of " +
                    std::to_string(kLives) + " instances that ended " +
                    (used ? "after their first input" : "before any input")
                );
        }
    });
}

void save_after_create(Trial& trial) {
    const Library library{trial.subject()};
    if (!TL_HAS(&library.plugin(), tl_plugin, save))
        return trial.not_applicable("it has no function save");
    for (const Account& account : accounts_of(trial)) {
        TestHost host{library.plugin(), account};
        if (host.created() != TL_OK) continue;
        Behaviour behaviour;
        behaviour.state = host.save();  // what is wrong with saving itself is state.save
        const TestHost next{library.plugin(), account, behaviour};
        trial.expect(
            next.created() == TL_OK,
            "create from what save gave right after create: " + name_of(next.created())
        );
    }
}

void self_check(Trial& trial) {
    const Library library{trial.subject()};
    if (!TL_HAS(&library.plugin(), tl_plugin, self_check))
        return trial.not_applicable("it has no function self_check");
    // Its host is that of an instance which it never sees.
    tl_host host{};
    host.size = sizeof host;
    host.log = [](void*, std::int32_t, tl_view) noexcept {};
    host.extension = [](void*, tl_view id) noexcept -> const void* {
        return view(id) == TL_EXT_CRYPTO ? &crypto() : nullptr;
    };
    for (int i = 0; i < 2; ++i) {
        const tl_status status = library.plugin().self_check(&host);
        trial.expect(status == TL_OK, "self_check: " + name_of(status));
    }
}

/// Instances that lived through a whole case.
void leak(Trial& trial) {
    if (!allocations_are_counted()) return trial.not_applicable("a sanitizer owns the memory");
    for_each_case(trial, [&](const Golden& golden) {
        const Library library{trial.subject()};
        const std::int64_t left = left_after(kLives, [&] {
            TestHost host{library.plugin(), golden.account};
            if (host.created() != TL_OK) return;
            feed(host, golden.inputs);
            if (TL_HAS(&library.plugin(), tl_plugin, save)) (void)host.save();
        });
        if (left >= kLives)
            trial.fail(
                "case " + golden.name() + ": " + std::to_string(left) + " blocks are left of " +
                std::to_string(kLives) + " instances that ended"
            );
    });
}

constexpr Check kChecks[]{
    {"lifecycle.good_config",
     "The accounts of the golden cases are taken, also with a setting that a later version may "
     "know.",
     good_config},
    {"lifecycle.bad_config",
     "Settings that are missing, of a wrong type or absurdly large are taken or refused with "
     "BAD_CONFIG and a reason in the log.",
     bad_config},
    {"lifecycle.twice",
     "Two instances live side by side, and the end of one leaves the other alone.",
     twice},
    {"lifecycle.destroy_unused",
     "An instance may end before its first input and with open tasks, and leaves nothing behind.",
     destroy_unused},
    {"lifecycle.save_after_create",
     "What a fresh instance saves makes another one.",
     save_after_create},
    {"lifecycle.self_check",
     "The self-check succeeds, twice and before any instance, in the time that a host gives it.",
     self_check,
     Severity::error,
     2},
    {"lifecycle.leak", "An instance that ended leaves no memory behind.", leak},
};

}  // namespace
}  // namespace lifecycle_group

std::span<const Check> lifecycle_checks() {
    return lifecycle_group::kChecks;
}

}  // namespace trunkline::conform
