#include "host/reload/shadow.hpp"

#include <algorithm>
#include <initializer_list>
#include <map>
#include <optional>

#include <boost/json.hpp>

namespace trunkline::reload {
namespace {

namespace json = boost::json;
using plugins::CaseResult;

constexpr std::size_t kDifferencesMax = 100;
constexpr std::size_t kShown = 300;

/// What a generation asked for in one input.
struct Asked {
    std::vector<json::object> items;
    std::optional<json::object> answer, outcome;
    std::vector<std::string> lines;  ///< all of it, as written
};

using Path = std::initializer_list<std::string_view>;

std::string text_at(const json::object& from, Path path) {
    const json::object* at = &from;
    const json::value* value = nullptr;
    for (const std::string_view key : path) {
        if (at == nullptr) return {};
        value = at->if_contains(key);
        if (value == nullptr) return {};
        at = value->if_object();
    }
    if (value == nullptr) return {};
    return value->is_string() ? std::string{value->get_string()} : json::serialize(*value);
}

std::map<std::size_t, Asked> asked_in(const CaseResult& result) {
    std::map<std::size_t, Asked> all;
    for (const std::string& line : result.transcript) {
        json::error_code bad;
        const json::value read = json::parse(line, bad);
        const auto* effect = bad ? nullptr : read.if_object();
        const auto* input = effect == nullptr ? nullptr : effect->if_contains("input");
        if (input == nullptr || !input->is_number()) continue;
        json::error_code range;
        Asked& asked = all[input->to_number<std::size_t>(range)];
        asked.lines.push_back(line);
        const std::string kind = text_at(*effect, {"effect"});
        if (kind == "item") asked.items.push_back(*effect);
        if (kind == "answer") asked.answer = *effect;
        if (kind == "outcome") asked.outcome = *effect;
    }
    return all;
}

/// Collects the differences of one case.
class Judge {
public:
    Judge(const CaseResult& before, const CaseResult& after, std::vector<Difference>& out)
        : before_{before}, after_{after}, out_{out} {}

    void judge() {
        if (before_.created != 0) return;  // nothing was understood, so nothing can be lost
        if (after_.created != 0) {
            stop(0, "create answers " + std::to_string(after_.created) + " " + after_.said);
            return;
        }
        if (before_.faults.empty() && !after_.faults.empty()) stop(0, after_.faults.front());
        const auto was = asked_in(before_);
        const auto is = asked_in(after_);
        for (std::size_t i = 0; i < before_.statuses.size(); ++i) {
            if (!judge_status(i)) return;  // what follows an input that failed means nothing
            const Asked nothing;
            const auto a = was.find(i);
            const auto b = is.find(i);
            judge_input(
                i, a == was.end() ? nothing : a->second, b == is.end() ? nothing : b->second
            );
            if (diverged_) return;
        }
    }

private:
    bool judge_status(std::size_t i) {
        const int was = before_.statuses[i];
        const int is = i < after_.statuses.size() ? after_.statuses[i] : -1;
        if (was == is) return was == 0;
        if (was == 0)
            stop(i, "was understood, and is not any more: status " + std::to_string(is));
        else
            tell(i, "status", std::to_string(was), std::to_string(is));
        return false;
    }

    void judge_input(std::size_t i, const Asked& was, const Asked& is) {
        const std::size_t before = out_.size();
        if (is.items.size() < was.items.size())
            stop(
                i,
                "reports " + std::to_string(is.items.size()) + " events instead of " +
                    std::to_string(was.items.size())
            );
        for (std::size_t k = 0; k < std::min(was.items.size(), is.items.size()); ++k)
            judge_item(i, was.items[k], is.items[k]);
        judge_end(i, "answer", "status", was.answer, is.answer);
        judge_end(i, "outcome", "kind", was.outcome, is.outcome);
        if (out_.size() > before || was.lines == is.lines) return;
        std::size_t at = 0;
        while (at < was.lines.size() && at < is.lines.size() && was.lines[at] == is.lines[at])
            ++at;
        const auto line = [at](const std::vector<std::string>& lines) {
            return at < lines.size() ? lines[at] : std::string{"nothing"};
        };
        tell(i, "asks for something else", line(was.lines), line(is.lines));
        // Another step means that the recorded answers are not answers to it.
        diverged_ = line(was.lines).find("\"step\":") != std::string::npos ||
                    line(is.lines).find("\"step\":") != std::string::npos;
    }

    void judge_item(std::size_t i, const json::object& was, const json::object& is) {
        // What was unreadable and now is read, is what new generations are for.
        if (text_at(was, {"item", "type"}) == "unsupported") return;
        const auto changes = [&](const char* name, Path path) {
            const std::string before = text_at(was, path);
            const std::string after = text_at(is, path);
            if (before != after)
                stop(i, std::string{"the event's "} + name + " changes", before, after);
            return before != after;
        };
        [[maybe_unused]] const bool any =
            changes("type", {"item", "type"}) || changes("conversation", {"conversation"}) ||
            changes("dedup key", {"dedup"}) || changes("message id", {"item", "message", "id"});
    }

    void judge_end(
        std::size_t i,
        const std::string& name,
        std::string_view member,
        const std::optional<json::object>& was,
        const std::optional<json::object>& is
    ) {
        const auto kind = [&](const std::optional<json::object>& effect) {
            return effect ? text_at(*effect, {member}) : std::string{"none"};
        };
        if (kind(was) != kind(is)) stop(i, "another " + name, kind(was), kind(is));
    }

    void stop(std::size_t i, std::string what, std::string was = {}, std::string is = {}) {
        out_.push_back(
            {before_.name, i, std::move(what), was.substr(0, kShown), is.substr(0, kShown), true}
        );
    }
    void tell(std::size_t i, std::string what, const std::string& was, const std::string& is) {
        out_.push_back(
            {before_.name, i, std::move(what), was.substr(0, kShown), is.substr(0, kShown), false}
        );
    }

    const CaseResult& before_;
    const CaseResult& after_;
    std::vector<Difference>& out_;
    bool diverged_ = false;
};

}  // namespace

Comparison compare(const std::vector<CaseResult>& before, const std::vector<CaseResult>& after) {
    Comparison out;
    std::map<std::string, const CaseResult*> by_name;
    for (const CaseResult& each : after)
        by_name[each.name] = &each;
    for (const CaseResult& each : before) {
        const auto found = by_name.find(each.name);
        if (found == by_name.end()) continue;
        const std::size_t so_far = out.differences.size();
        Judge{each, *found->second, out.differences}.judge();
        ++out.tasks;
        if (out.differences.size() == so_far) ++out.same;
    }
    std::ranges::stable_sort(out.differences, [](const Difference& a, const Difference& b) {
        return a.stops && !b.stops;
    });
    if (out.differences.size() > kDifferencesMax) {
        out.left_out = out.differences.size() - kDifferencesMax;
        out.differences.resize(kDifferencesMax);
    }
    return out;
}

}  // namespace trunkline::reload
