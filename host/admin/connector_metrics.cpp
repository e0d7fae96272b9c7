#include "host/admin/connector_metrics.hpp"

#include <algorithm>

#include "host/admin/samples.hpp"
#include "host/async/on.hpp"

namespace trunkline::admin {
namespace {

using Accounts = std::vector<std::shared_ptr<accounts::Account>>;

constexpr std::size_t kOwnMax = 64;         ///< of one connector
constexpr std::size_t kOwnOfAllMax = 2000;  ///< so that /metrics stays small whatever is installed
constexpr std::size_t kNameMax = 48;

/// Lower case, digits and underscores, whatever the connector's name for it was.
std::string clean(const std::string& name) {
    std::string out;
    for (const char c : name.substr(0, kNameMax)) {
        const bool lower = c >= 'a' && c <= 'z';
        out += lower || (c >= '0' && c <= '9') ? c : '_';
    }
    return out;
}

/// On the accounts' own loop, to which strands belong.
async::Awaitable<FiguresByConnector> figures_of(const Accounts& accounts) {
    FiguresByConnector sums;
    for (const auto& account : accounts) {
        if (!account->strand) continue;
        const tasks::Strand::Figures f = account->strand->figures();
        ConnectorFigures& sum = sums[account->connector.text()];
        sum.strands.calls += f.calls;
        sum.strands.failures += f.failures;
        sum.strands.bad_input += f.bad_input;
        sum.strands.forged += f.forged;
        sum.strands.refeeds += f.refeeds;
        sum.strands.busy_us += f.busy_us;
        sum.drifting += f.bad_in_a_row >= tasks::kDriftAfter ? 1U : 0U;
    }
    co_return sums;
}

}  // namespace

async::Awaitable<FiguresByConnector> connector_figures(const Rooms& rooms) {
    std::map<async::Loop*, Accounts> by_loop;
    for (const auto& [id, account] : rooms.directory.accounts())
        by_loop[&account->loop].push_back(account);
    FiguresByConnector sums;
    for (const auto& entry : by_loop) {
        const auto ask = [&entry] { return figures_of(entry.second); };
        auto piece = co_await async::on(entry.first->get_executor(), ask);
        for (const auto& [connector, figures] : piece) {
            ConnectorFigures& sum = sums[connector];
            sum.strands.calls += figures.strands.calls;
            sum.strands.failures += figures.strands.failures;
            sum.strands.bad_input += figures.strands.bad_input;
            sum.strands.forged += figures.strands.forged;
            sum.strands.refeeds += figures.strands.refeeds;
            sum.strands.busy_us += figures.strands.busy_us;
            sum.drifting += figures.drifting;
        }
    }
    co_return sums;
}

void write_connectors(const FiguresByConnector& figures, std::string& out) {
    using Figures = tasks::Strand::Figures;
    struct Row {
        const char* name;
        const char* help;
        std::uint64_t Figures::*member;
    };
    constexpr std::array<Row, 5> kRows{{
        {"trunkline_connector_calls_total", "Calls into a connector.", &Figures::calls},
        {"trunkline_connector_failures_total", "Calls that failed in it.", &Figures::failures},
        {"trunkline_connector_bad_input_total",
         "Calls in which it did not understand its messenger.",
         &Figures::bad_input},
        {"trunkline_connector_forged_total",
         "Calls in which it found a forgery.",
         &Figures::forged},
        {"trunkline_connector_refeeds_total", "Tasks that were rebuilt in it.", &Figures::refeeds},
    }};
    for (const Row& row : kRows) {
        Family family{out, row.name, "counter", row.help};
        for (const auto& [connector, sum] : figures)
            family.add(sum.strands.*row.member, label("connector", connector));
    }
    Family busy{
        out, "trunkline_connector_busy_seconds_total", "counter", "Time spent in a connector."};
    for (const auto& [connector, sum] : figures)
        busy.add(static_cast<double>(sum.strands.busy_us) / 1e6, label("connector", connector));
    Family drifting{
        out,
        "trunkline_connector_drifting_accounts",
        "gauge",
        "Accounts whose last three tasks or more were not understood."};
    for (const auto& [connector, sum] : figures)
        drifting.add(sum.drifting, label("connector", connector));
}

void write_children(const TotalsByConnector& totals, std::string& out) {
    using Totals = isolation::Children::Totals;
    struct Row {
        const char* name;
        const char* help;
        std::uint64_t Totals::*member;
    };
    constexpr std::array<Row, 4> kRows{{
        {"trunkline_connector_child_starts_total",
         "Child processes that were ready to serve.",
         &Totals::starts},
        {"trunkline_connector_child_deaths_total",
         "Child processes that ended when they should not.",
         &Totals::deaths},
        {"trunkline_connector_child_hangs_total",
         "Of these, ended because an answer did not come.",
         &Totals::hangs},
        {"trunkline_connector_child_refused_calls_total",
         "System calls that children may not make.",
         &Totals::refused},
    }};
    for (const Row& row : kRows) {
        Family family{out, row.name, "counter", row.help};
        for (const auto& [connector, sum] : totals)
            family.add(sum.*row.member, label("connector", connector));
    }
    Family down{
        out,
        "trunkline_connector_child_circuits_open",
        "gauge",
        "Child processes that died too often and are not there at the moment."};
    for (const auto& [connector, sum] : totals)
        down.add(std::uint64_t{sum.down}, label("connector", connector));
}

OwnMetrics own_metrics(const Rooms& rooms) {
    OwnMetrics all;
    for (const plugins::PluginInfo& info : rooms.catalogue.list()) {
        const auto generation = rooms.catalogue.current(info.manifest.id);
        if (generation) all[info.manifest.id.text()] = generation->metrics();
    }
    return all;
}

void write_own_metrics(const OwnMetrics& metrics, std::string& out) {
    // A counter and a gauge of one name must not share a family, hence the two beginnings.
    std::map<std::string, std::map<std::string, std::int64_t>> counters, gauges;
    std::size_t total = 0;
    for (const auto& [connector, own] : metrics) {
        for (std::size_t i = 0; i < std::min(own.size(), kOwnMax) && total < kOwnOfAllMax; ++i) {
            auto& into = own[i].gauge ? gauges : counters;
            into[clean(own[i].name)][connector] = own[i].value;
            ++total;
        }
    }
    const auto write =
        [&](const auto& families, const std::string& before, const char* after, const char* type) {
            for (const auto& [name, values] : families) {
                Family family{out, before + name + after, type, "A connector's own figure."};
                for (const auto& [connector, value] : values)
                    family.add(static_cast<double>(value), label("connector", connector));
            }
        };
    write(counters, "trunkline_connector_counted_", "_total", "counter");
    write(gauges, "trunkline_connector_gauge_", "", "gauge");
}

}  // namespace trunkline::admin
