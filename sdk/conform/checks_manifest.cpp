// The manifest: what the host may know without running the connector.
#include <algorithm>
#include <array>
#include <initializer_list>
#include <regex>
#include <set>

#include "check.hpp"
#include "library.hpp"
#include "runs.hpp"

namespace trunkline::conform {
namespace manifest_group {
namespace {

using Words = std::initializer_list<std::string_view>;

bool is_one_of(std::string_view word, Words words) {
    return std::ranges::find(words, word) != words.end();
}

std::string manifest_text(const Trial& trial) {
    const auto& note = trial.subject().elf.note;
    return note ? note->manifest : std::string{};
}

/// The manifest as an object; not applicable without one, which manifest.json complains of.
std::optional<json::value> manifest_of(Trial& trial) {
    auto read = parsed(manifest_text(trial));
    if (!read || !read->is_object()) {
        trial.not_applicable("there is no manifest that can be read");
        return std::nullopt;
    }
    return read;
}

void known(Trial& trial, const json::value* value, const std::string& where, Words members) {
    const auto* object = value == nullptr ? nullptr : value->if_object();
    if (object == nullptr) return;
    for (const auto& [key, ignored] : *object) {
        if (!is_one_of(key, members))
            trial.fail("unknown member " + where + (where.empty() ? "" : ".") + shortened(key, 60));
    }
}

void known_in_each(
    Trial& trial, const json::value& manifest, std::string_view list, Words members
) {
    for (const json::value& each : list_at(manifest, list))
        known(trial, &each, std::string{list} + "[]", members);
}

void json_object(Trial& trial) {
    const std::string text = manifest_text(trial);
    const auto read = parsed(text);
    if (!trial.expect(read.has_value(), "it is not JSON")) return;
    trial.expect(read->is_object(), "it is no JSON object");
    trial.expect(text.size() <= 65536, "it is longer than 64 KiB");
}

void members(Trial& trial) {
    const auto manifest = manifest_of(trial);
    if (!manifest) return;
    known(
        trial,
        &*manifest,
        "",
        {"settings",
         "receive",
         "poll",
         "redelivery_window",
         "limits",
         "quotas",
         "features",
         "receives",
         "accept",
         "idempotent",
         "check_every",
         "media",
         "profile"}
    );
    known_in_each(
        trial,
        *manifest,
        "settings",
        {"key", "type", "title", "help", "default", "choices", "max", "secret", "required"}
    );
    known_in_each(trial, *manifest, "limits", {"scope", "rate", "per", "burst", "kinds"});
    known_in_each(trial, *manifest, "quotas", {"bucket", "scope", "rate", "per", "burst"});
    known(trial, at(*manifest, "poll"), "poll", {"every", "jitter"});
    known(trial, at(*manifest, "media"), "media", {"copy_before"});
    known(trial, at(*manifest, "profile"), "profile", {"every"});
    known(trial, at(*manifest, "accept"), "accept", {"verify", "answer"});
    known(
        trial,
        at(*manifest, "accept", "verify"),
        "accept.verify",
        {"header_equals", "hmac_sha256", "json_field_equals"}
    );
}

void settings(Trial& trial) {
    const auto manifest = manifest_of(trial);
    if (!manifest) return;
    const auto* given = at(*manifest, "settings");
    if (given == nullptr) return trial.not_applicable("it has no settings");
    if (!trial.expect(given->is_array(), "settings is a list")) return;
    std::set<std::string> keys;
    const std::regex form{"[a-z][a-z0-9_]{0,63}"};
    for (const json::value& each : given->get_array()) {
        const std::string key{text_at(each, "key")};
        const std::string_view type = text_at(each, "type");
        const std::string where = "settings." + shortened(key, 60);
        trial.expect(
            std::regex_match(key, form), "'" + shortened(key, 60) + "' is no key of a setting"
        );
        trial.expect(keys.insert(key).second, where + " comes twice");
        trial.expect(
            is_one_of(type, {"text", "secret", "url", "number", "flag", "choice", "duration"}),
            where + ": '" + shortened(type, 60) + "' is no type"
        );
        trial.expect(!text_at(each, "title").empty(), where + " has no title");
        trial.expect(
            (type == "choice") == !list_at(each, "choices").empty(),
            where + ": a choice, and only that, has choices"
        );
        const auto* standard = at(each, "default");
        if (type == "choice" && standard != nullptr) {
            const auto& choices = list_at(each, "choices");
            trial.expect(
                std::ranges::find(choices, *standard) != choices.end(),
                where + ": its default is none of its choices"
            );
        }
    }
}

bool is_duration(const json::value& value) {
    static const std::regex kForm{"[0-9]{1,9}(ms|s|m|h|d)"};
    return value.is_string() && std::regex_match(std::string{value.get_string()}, kForm);
}

void expect_duration(Trial& trial, const json::value* value, const std::string& where) {
    if (value != nullptr)
        trial.expect(is_duration(*value), where + " is a duration, written 250ms, 5s, 10m or 48h");
}

void rates(Trial& trial, const json::value& manifest, std::string_view list, Words scopes) {
    for (const json::value& each : list_at(manifest, list)) {
        const std::string where{list};
        trial.expect(
            is_one_of(text_at(each, "scope"), scopes),
            where + ": '" + shortened(text_at(each, "scope"), 60) + "' is no scope"
        );
        trial.expect(number_at(each, "rate").value_or(0) > 0, where + ": rate is above 0");
        if (at(each, "burst") != nullptr)
            trial.expect(
                number_at(each, "burst").value_or(0) >= 1, where + ": burst is at least 1"
            );
        trial.expect(at(each, "per") != nullptr, where + ": per is missing");
        expect_duration(trial, at(each, "per"), where + ".per");
        if (at(each, "kinds") != nullptr) {
            const auto& kinds = list_at(each, "kinds");
            const bool words = std::ranges::all_of(kinds, [](const json::value& kind) {
                return kind.is_string() && !kind.get_string().empty();
            });
            trial.expect(
                !kinds.empty() && words, where + ": kinds is a list of kinds of conversation"
            );
        }
        if (list == "quotas")
            trial.expect(!text_at(each, "bucket").empty(), where + ": bucket is missing");
    }
}

void values(Trial& trial) {
    const auto manifest = manifest_of(trial);
    if (!manifest) return;
    for (const char* each : {"redelivery_window", "check_every"})
        expect_duration(trial, at(*manifest, each), each);
    expect_duration(trial, at(*manifest, "poll", "every"), "poll.every");
    expect_duration(trial, at(*manifest, "poll", "jitter"), "poll.jitter");
    expect_duration(trial, at(*manifest, "media", "copy_before"), "media.copy_before");
    expect_duration(trial, at(*manifest, "profile", "every"), "profile.every");
    rates(trial, *manifest, "limits", {"chat", "account", "connector"});
    rates(trial, *manifest, "quotas", {"chat", "account", "connector"});
    if (const auto* idempotent = at(*manifest, "idempotent"))
        trial.expect(idempotent->is_bool(), "idempotent is true or false");
    const auto* accept = at(*manifest, "accept");
    if (accept != nullptr) {
        const auto* rules = object_at(*accept, "verify");
        trial.expect(
            rules != nullptr && rules->size() == 1, "accept.verify is exactly one of its rules"
        );
        const auto status = number_at(*accept, "answer", "status").value_or(200);
        trial.expect(status >= 200 && status < 300, "accept.answer.status is 200 to 299");
    }
    const auto& receive = list_at(*manifest, "receive");
    trial.expect(!receive.empty(), "receive is a list of webhook, poll, or both");
    for (const json::value& each : receive) {
        trial.expect(
            each.is_string() && is_one_of(each.get_string(), {"webhook", "poll"}),
            "receive: only webhook and poll"
        );
    }
}

/// One kind of conversation.
void features_of(Trial& trial, const json::value& given, const std::string& where) {
    const auto* object = given.if_object();
    if (object == nullptr) return trial.fail(where + " is an object");
    for (const auto& [key, value] : *object) {
        const std::string path = where + "." + shortened(key, 60);
        if (value.is_null()) continue;
        if (key == "text_max" || key == "attachments_max")
            trial.expect(
                value.is_number() && value.to_number<double>() >= (key == "text_max" ? 16 : 1),
                path + " is a number, at least " + (key == "text_max" ? "16" : "1")
            );
        else if (key == "text_unit")
            trial.expect(
                value.is_string() &&
                    is_one_of(value.get_string(), {"code_points", "utf16", "bytes"}),
                path + " is code_points, utf16 or bytes"
            );
        else if (key == "spans")
            trial.expect(value.is_array(), path + " is a list");
        else if (key == "attachments" || key == "albums" || key == "buttons")
            trial.expect(value.is_object(), path + " is an object");
        else if (is_one_of(
                     key,
                     {"send",
                      "edit",
                      "delete",
                      "react",
                      "reply",
                      "quote",
                      "typing",
                      "read",
                      "location",
                      "contact"}
                 ))
            trial.expect(value.is_bool(), path + " is true or false");
        else
            trial.fail("unknown member " + path);
    }
    known(
        trial,
        at(given, "buttons"),
        where + ".buttons",
        {"rows", "per_row", "text_max", "payload_max_bytes", "urls", "asks"}
    );
    known(trial, at(given, "albums"), where + ".albums", {"max", "mix", "buttons"});
    const auto* attachments = object_at(given, "attachments");
    if (attachments == nullptr) return;
    for (const auto& [kind, limits] : *attachments)
        known(
            trial,
            &limits,
            where + ".attachments." + shortened(kind, 40),
            {"max_bytes", "caption_max", "note"}
        );
}

void features(Trial& trial) {
    const auto manifest = manifest_of(trial);
    if (!manifest) return;
    const auto* kinds = object_at(*manifest, "features");
    if (kinds == nullptr) return trial.fail("it has no features: the host could send nothing");
    trial.expect(kinds->contains("*"), "features has no \"*\", which every kind starts from");
    for (const auto& [kind, given] : *kinds)
        features_of(trial, given, "features." + shortened(kind, 40));
}

/// The account of the first case, made to receive that way.
std::optional<Account> account_receiving(const Trial& trial, std::string_view way) {
    for (const Golden& golden : trial.subject().cases) {
        if (golden.account.scope != TL_ACCOUNT) continue;
        Account account = golden.account;
        auto settings = parsed(account.settings).value_or(json::object{});
        if (settings.is_object() && !way.empty()) settings.get_object()["receive"] = way;
        account.settings = json::serialize(settings);
        return account;
    }
    return std::nullopt;
}

void handles(Trial& trial, std::string_view way, Input input, std::string_view declared) {
    const auto account = account_receiving(trial, way);
    if (!account) return trial.not_applicable("there are no golden cases of an account");
    const Library library{trial.subject()};
    TestHost host{library.plugin(), *account};
    if (host.created() != TL_OK) return;  // lifecycle.good_config
    input.task = 1;
    trial.expect(
        host.feed(std::move(input)) != TL_E_UNSUPPORTED,
        "it declares " + std::string{declared} + ", and then answers UNSUPPORTED"
    );
}

void inputs(Trial& trial) {
    const auto manifest = manifest_of(trial);
    if (!manifest) return;
    for (const json::value& way : list_at(*manifest, "receive")) {
        if (way == "webhook")
            handles(trial, "webhook", Input::webhook(1, "{}"), "receive: webhook");
        if (way == "poll") handles(trial, "poll", Input::poll(1, ""), "receive: poll");
    }
    if (at(*manifest, "check_every") != nullptr)
        handles(trial, "", Input::of(TL_IN_CHECK, 1), "check_every");
    if (at(*manifest, "profile", "every") != nullptr)
        handles(trial, "", Input::of(TL_IN_PROFILE, 1), "profile");
}

constexpr Check kChecks[]{
    {"manifest.json", "The manifest is one JSON object of at most 64 KiB.", json_object},
    {"manifest.members",
     "The manifest has only members that are described: a misspelt one would be one that is not "
     "there.",
     members},
    {"manifest.settings",
     "Each setting has a key, a type and a title, from which a form and the configuration's check "
     "are made.",
     settings},
    {"manifest.values",
     "Durations, rates and ways to receive have the form the host reads.",
     values},
    {"manifest.features",
     "Features are of the form by which the host degrades what the messenger cannot carry.",
     features},
    {"manifest.inputs",
     "What the manifest says the host should hand in is handled, not answered with UNSUPPORTED.",
     inputs},
};

}  // namespace
}  // namespace manifest_group

std::span<const Check> manifest_checks() {
    return manifest_group::kChecks;
}

}  // namespace trunkline::conform
