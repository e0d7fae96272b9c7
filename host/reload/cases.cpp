#include "host/reload/cases.hpp"

#include <algorithm>
#include <map>

#include <trunkline/testing/cases.hpp>

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

/// Replaces an account's secrets wherever they stand.
class Disguise {
public:
    explicit Disguise(const ServedAccount& account) {
        for (const Secret& secret : account.secrets) {
            if (secret.reveal().size() >= kSecretMin)
                pairs_.emplace_back(secret.reveal(), disguised(secret.reveal()));
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
    std::vector<std::pair<std::string, std::string>> pairs_;
};

sdk::Input to_input(const tasks::Input& from, const Disguise& hidden) {
    sdk::Input input;
    input.kind = static_cast<tl_input_kind>(from.kind);
    input.step = from.step;
    input.flags = from.flags & ~std::uint32_t{TL_INPUT_REPLAYED};
    input.status = from.status;
    input.at_ms = from.at_ms;
    input.method = from.method;
    input.target = hidden(from.target);
    input.body = hidden(from.body);
    input.key = hidden(from.key);
    input.note = hidden(from.note);
    for (const auto& pair : from.pairs)
        input.headers.push_back({pair.name, hidden(pair.value)});
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
