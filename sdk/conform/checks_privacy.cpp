// Secrets are used in effects, and seen nowhere else.
#include <algorithm>
#include <functional>

#include <openssl/evp.h>

#include "check.hpp"
#include "library.hpp"
#include "runs.hpp"
#include "script.hpp"

namespace trunkline::conform {
namespace privacy_group {
namespace {

constexpr std::size_t kShortestSecret = 6;  // shorter ones are found by accident

/// A secret of a case's account, and what is planted instead.
struct Canary {
    std::string key, secret, planted;
};

/// Other characters of the same classes, so that what checks the form still takes it.
std::string disguised(const std::string& secret, Trial& trial) {
    std::string other = secret;
    for (char& c : other) {
        if (c >= 'a' && c <= 'z')
            c = static_cast<char>('a' + trial.draw(26));
        else if (c >= 'A' && c <= 'Z')
            c = static_cast<char>('A' + trial.draw(26));
        else if (c >= '1' && c <= '9')
            c = static_cast<char>('1' + trial.draw(9));
    }
    // Longer, as far as the last character allows.
    const bool letter = !other.empty() && ((other.back() >= 'a' && other.back() <= 'z') ||
                                           (other.back() >= 'A' && other.back() <= 'Z'));
    while (letter && other.size() < 16)
        other.push_back(static_cast<char>('a' + trial.draw(26)));
    return other;
}

bool sounds_secret(std::string_view key) {
    return std::ranges::any_of(
        std::initializer_list<std::string_view>{"secret", "token", "password", "key"},
        [&](std::string_view word) { return key.find(word) != std::string_view::npos; }
    );
}

/// What the manifest calls a secret; of the connector's own settings, what sounds like one.
std::vector<Canary> canaries_of(Trial& trial, const Golden& golden) {
    const auto& note = trial.subject().elf.note;
    const auto manifest = note ? parsed(note->manifest) : std::nullopt;
    const auto declared = [&](std::string_view key) {
        if (!manifest) return false;
        return std::ranges::any_of(list_at(*manifest, "settings"), [&](const json::value& each) {
            return text_at(each, "key") == key &&
                   (text_at(each, "type") == "secret" || flag_at(each, "secret"));
        });
    };
    std::vector<Canary> canaries;
    const auto add = [&](const std::string& text,
                         const std::function<bool(std::string_view)>& secret) {
        const auto settings = parsed(text);
        const auto* object = settings ? settings->if_object() : nullptr;
        if (object == nullptr) return;
        for (const auto& [key, value] : *object) {
            if (!value.is_string() || value.get_string().empty() || !secret(key)) continue;
            const std::string plain{value.get_string()};
            canaries.push_back({std::string{key}, plain, disguised(plain, trial)});
        }
    };
    add(golden.account.settings, declared);
    add(golden.account.connector, sounds_secret);
    return canaries;
}

void replace_all(std::string& text, const std::string& from, const std::string& to) {
    for (auto at = text.find(from); at != std::string::npos; at = text.find(from, at + to.size()))
        text.replace(at, from.size(), to);
}

Golden planted(const Golden& golden, const std::vector<Canary>& canaries) {
    Golden other = golden;
    for (const Canary& each : canaries) {
        replace_all(other.account.settings, each.secret, each.planted);
        replace_all(other.account.connector, each.secret, each.planted);
        for (Input& input : other.inputs) {
            for (std::string* text : {&input.target, &input.body, &input.key, &input.note})
                replace_all(*text, each.secret, each.planted);
            for (Header& header : input.headers)
                replace_all(header.value, each.secret, each.planted);
        }
    }
    return other;
}

std::string base64(const std::string& text) {
    std::string out(4 * (text.size() / 3 + 1) + 1, '\0');
    const int size = EVP_EncodeBlock(
        reinterpret_cast<unsigned char*>(out.data()),
        reinterpret_cast<const unsigned char*>(text.data()),
        static_cast<int>(text.size())
    );
    out.resize(static_cast<std::size_t>(size));
    while (!out.empty() && out.back() == '=')
        out.pop_back();
    // The last characters depend on what follows in the text.
    if (!out.empty()) out.pop_back();
    return out;
}

/// The forms in which a secret may come to light.
std::vector<std::string> forms_of(const std::string& secret) {
    return {secret, percent_encoded(secret), hex_of(secret), base64(secret)};
}

/// Texts in which no secret may be.
using Look = std::function<std::vector<std::string>(const Run&)>;

void search(
    Trial& trial,
    const Golden& golden,
    const std::vector<Canary>& canaries,
    const std::vector<std::string>& texts,
    std::string_view what
) {
    for (const std::string& text : texts) {
        for (const Canary& canary : canaries) {
            const auto forms = forms_of(canary.planted);
            const bool found = std::ranges::any_of(forms, [&](const std::string& form) {
                return text.find(form) != std::string::npos;
            });
            if (found)
                trial.fail(
                    "case " + golden.name() + ": the secret setting " + canary.key + " is in " +
                    std::string{what} + ": " + shortened(text, 160)
                );
        }
    }
}

/// Runs a case with every answer of a messenger in trouble too: that is when people log.
std::vector<Run> runs_of(const Golden& golden, const tl_plugin& plugin) {
    RunOptions options;
    options.save_at_end = true;
    std::vector<Run> runs;
    runs.push_back(run_in(plugin, golden, options));
    for (const Answer& answer : answers()) {
        Golden other = golden;
        bool changed = false;
        for (Input& input : other.inputs) {
            if (input.kind != TL_IN_HTTP_REPLY) continue;
            input.status = answer.status;
            input.body = answer.body;
            input.headers = answer.headers;
            input.flags = answer.unknown ? std::uint32_t{TL_INPUT_UNKNOWN} : 0U;
            changed = true;
        }
        if (!changed) break;
        runs.push_back(run_in(plugin, other, options));
    }
    return runs;
}

void nowhere_in(Trial& trial, std::string_view what, const Look& look) {
    std::size_t planted_count = 0;
    for_each_case(trial, [&](const Golden& golden) {
        auto canaries = canaries_of(trial, golden);
        if (canaries.empty()) return;
        const Library library{trial.subject()};
        Golden other = planted(golden, canaries);
        if (const TestHost tried{library.plugin(), other.account}; tried.created() != TL_OK) {
            // Its form is checked more closely than we can guess: then what is there must do.
            other = golden;
            for (Canary& each : canaries)
                each.planted = each.secret;
            std::erase_if(canaries, [](const Canary& each) {
                return each.planted.size() < kShortestSecret;
            });
        }
        planted_count += canaries.size();
        for (const Run& run : runs_of(other, library.plugin()))
            search(trial, golden, canaries, look(run), what);
    });
    if (planted_count == 0 && trial.inapplicable.empty())
        trial.not_applicable("no account of a golden case has a secret");
}

/// A member of every effect of a kind, as text.
void members_of(
    const Run& run,
    std::string_view kind,
    std::initializer_list<std::string_view> names,
    std::vector<std::string>& texts
) {
    for (const Effect& effect : run.effects) {
        if (effect.kind != kind) continue;
        for (const std::string_view name : names) {
            if (const auto* value = effect.json.if_contains(name))
                texts.push_back(
                    value->is_string() ? std::string{value->get_string()} : json::serialize(*value)
                );
        }
    }
}

void in_log(Trial& trial) {
    nowhere_in(trial, "the log", [](const Run& run) { return run.log; });
}

void in_state(Trial& trial) {
    nowhere_in(trial, "the saved state", [](const Run& run) {
        return std::vector<std::string>{run.state};
    });
}

void in_keys(Trial& trial) {
    nowhere_in(trial, "a dedup key", [](const Run& run) { return dedup_keys(run.effects); });
}

void in_items(Trial& trial) {
    nowhere_in(trial, "an event", [](const Run& run) {
        std::vector<std::string> texts;
        members_of(run, "item", {"conversation", "item", "note"}, texts);
        return texts;
    });
}

void in_outcomes(Trial& trial) {
    nowhere_in(trial, "what people read of an outcome", [](const Run& run) {
        std::vector<std::string> texts;
        members_of(run, "outcome", {"code", "text"}, texts);
        members_of(run, "health", {"state", "code", "text"}, texts);
        return texts;
    });
}

void in_store(Trial& trial) {
    nowhere_in(trial, "a stored value that is not marked as secret", [](const Run& run) {
        std::vector<std::string> texts;
        for (const Effect& effect : run.effects) {
            if (effect.kind != "put") continue;
            texts.push_back(effect.string("key"));
            if ((number_at(effect.json, "flags").value_or(0) & TL_PUT_SECRET) == 0)
                texts.push_back(effect.string("value"));
        }
        return texts;
    });
}

constexpr Check kChecks[]{
    {"privacy.log",
     "No secret of an account is in the log, which many people read.",
     in_log,
     Severity::error,
     30},
    {"privacy.state", "No secret is in the saved state.", in_state, Severity::error, 30},
    {"privacy.keys", "No secret is in a dedup key.", in_keys, Severity::error, 30},
    {"privacy.items",
     "No secret is in an event, which goes to the portal.",
     in_items,
     Severity::error,
     30},
    {"privacy.outcomes",
     "No secret is in the code or text of an outcome or of the account's health.",
     in_outcomes,
     Severity::error,
     30},
    {"privacy.store",
     "What is stored of a secret is marked as one, and no key holds any.",
     in_store,
     Severity::error,
     30},
};

}  // namespace
}  // namespace privacy_group

std::span<const Check> privacy_checks() {
    return privacy_group::kChecks;
}

}  // namespace trunkline::conform
