#include "host/reload/cases.hpp"

#include <algorithm>
#include <map>

#include <boost/json.hpp>
#include <trunkline/testing/cases.hpp>

#include "host/net/url.hpp"

namespace trunkline::reload {
namespace {

namespace sdk = trunkline::testing;

constexpr std::size_t kSecretMin = 4;  // shorter ones would change ordinary words

/// Letters stay letters and digits digits, so that what checks the form of a secret finds it right.
std::string disguised(const std::string& secret) {
    std::string out{secret};
    for (char& c : out) {
        if (c >= '0' && c <= '9')
            c = '7';
        else if (c >= 'a' && c <= 'z')
            c = 'x';
        else if (c >= 'A' && c <= 'Z')
            c = 'X';
    }
    return out;
}

std::string lower(std::string_view text) {
    std::string out{text};
    for (char& c : out)
        c = c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
    return out;
}

/// As a JSON document has it, without the quotes.
std::string in_json(std::string_view text) {
    const std::string quoted = boost::json::serialize(boost::json::string{text});
    return quoted.substr(1, quoted.size() - 2);
}

/// What a messenger gives once per application has no manifest that says which of it is secret.
bool sounds_secret(std::string_view key) {
    const std::string name = lower(key);
    for (const char* word : {"secret", "token", "password", "key", "credential"}) {
        if (name.find(word) != std::string::npos) return true;
    }
    return false;
}

/// Replaces an account's secrets wherever they stand, in the forms in which texts carry them.
class Disguise {
public:
    explicit Disguise(const ServedAccount& account) {
        for (const Secret& secret : account.secrets)
            add(secret.reveal());
        boost::json::error_code bad;
        const auto connector = boost::json::parse(account.connector, bad);
        if (!bad && connector.is_object()) {
            for (const auto& [key, value] : connector.get_object()) {
                if (value.is_string() && sounds_secret(key)) add(std::string{value.get_string()});
            }
        }
        // A secret may hold another one.
        std::ranges::sort(pairs_, [](const auto& a, const auto& b) {
            return a.first.size() > b.first.size();
        });
    }

    std::string operator()(std::string text) const {
        for (const auto& [secret, other] : pairs_) {
            for (auto at = text.find(secret); at != std::string::npos;
                 at = text.find(secret, at + other.size()))
                text.replace(at, secret.size(), other);
        }
        return text;
    }

private:
    void add(const std::string& secret) {
        if (secret.size() < kSecretMin) return;
        const std::string other = disguised(secret);
        pairs_.emplace_back(secret, other);
        using Form = std::string (*)(std::string_view);
        for (const Form form : {Form{in_json}, Form{net::percent_encode}}) {
            if (form(secret) != secret) pairs_.emplace_back(form(secret), form(other));
        }
    }

    std::vector<std::pair<std::string, std::string>> pairs_;
};

/// A header's value; of those that let somebody in nothing stays, whoever they are for.
std::string value_of(const net::Header& header, const Disguise& hidden) {
    const std::string value = hidden(header.value);
    const std::string name = lower(header.name);
    const bool opens =
        name.find("authorization") != std::string::npos || name.find("cookie") != std::string::npos;
    return opens && value == header.value ? disguised(value) : value;
}

sdk::Input to_input(const tasks::Input& from, const Disguise& hidden) {
    sdk::Input input;
    input.kind = static_cast<tl_input_kind>(from.kind);
    input.step = from.step;
    input.flags = from.flags & ~std::uint32_t{TL_INPUT_REPLAYED};
    input.status = from.status;
    input.at_ms = from.at_ms;
    input.method = from.method;
    input.target = hidden(from.target);
    input.body = from.secret ? disguised(from.body) : hidden(from.body);
    input.key = hidden(from.key);
    input.note = hidden(from.note);
    for (const auto& pair : from.pairs)
        input.headers.push_back({pair.name, value_of(pair, hidden)});
    return input;
}

}  // namespace

std::string account_cases(const std::vector<ServedAccount>& accounts) {
    std::vector<sdk::Golden> cases;
    for (const ServedAccount& account : accounts) {
        if (!account.served) continue;
        sdk::Golden golden{};
        golden.folder = "account " + account.id;
        golden.account.settings = account.settings;
        golden.account.connector = account.connector;
        cases.push_back(std::move(golden));
    }
    return sdk::write_cases(cases);
}

std::string without_secrets(const std::vector<ServedAccount>& accounts, std::string text) {
    for (const ServedAccount& account : accounts)
        text = Disguise{account}(std::move(text));
    return text;
}

std::string recent_cases(
    const std::vector<ServedAccount>& accounts, const std::vector<tasks::KeptTask>& tasks
) {
    std::map<std::string, const ServedAccount*> by_id;
    for (const ServedAccount& account : accounts)
        by_id[account.id] = &account;
    std::vector<sdk::Golden> cases;
    for (const tasks::KeptTask& task : tasks) {
        const auto account = by_id.find(task.account.text());
        if (account == by_id.end()) continue;
        const Disguise hidden{*account->second};
        sdk::Golden golden{};
        golden.folder = "recent " + std::to_string(cases.size() + 1) + " of " + account->second->id;
        golden.account.settings = hidden(account->second->settings);
        golden.account.connector = hidden(account->second->connector);
        for (const tasks::Input& input : task.inputs)
            golden.inputs.push_back(to_input(input, hidden));
        cases.push_back(std::move(golden));
    }
    return sdk::write_cases(cases);
}

}  // namespace trunkline::reload
