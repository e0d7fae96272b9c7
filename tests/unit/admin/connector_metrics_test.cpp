#include "host/admin/connector_metrics.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace trunkline::admin {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

TEST(ConnectorMetricsTest, WritesAConnectorsOwnFiguresUnderItsLabel) {
    std::string out;
    write_own_metrics(
        {{"tele", {{"sent", false, 3}, {"queue", true, -2}}}, {"viber", {{"sent", false, 4}}}}, out
    );
    EXPECT_THAT(
        out,
        HasSubstr("# TYPE trunkline_connector_counted_sent_total counter\n"
                  "trunkline_connector_counted_sent_total{connector=\"tele\"} 3\n"
                  "trunkline_connector_counted_sent_total{connector=\"viber\"} 4\n")
    );
    EXPECT_THAT(
        out,
        HasSubstr("# TYPE trunkline_connector_gauge_queue gauge\n"
                  "trunkline_connector_gauge_queue{connector=\"tele\"} -2\n")
    );
}

TEST(ConnectorMetricsTest, NoNameBreaksThePage) {
    std::string out;
    write_own_metrics({{"a\"\n", {{"B d\n{}" + std::string(100, 'x'), false, 1}}}}, out);
    EXPECT_THAT(out, HasSubstr("trunkline_connector_counted___d___xxx"));
    EXPECT_THAT(out, HasSubstr("{connector=\"a\\\" \"} 1\n"));
    EXPECT_THAT(out, Not(HasSubstr(std::string(50, 'x'))));
}

TEST(ConnectorMetricsTest, IsBoundedWhateverIsInstalled) {
    OwnMetrics metrics;
    for (int connector = 0; connector < 100; ++connector) {
        auto& own = metrics["c" + std::to_string(connector)];
        for (int i = 0; i < 200; ++i)
            own.push_back({"m" + std::to_string(i), true, i});
    }
    std::string out;
    write_own_metrics(metrics, out);
    std::size_t samples = 0;
    for (std::size_t at = out.find("{connector="); at != std::string::npos;
         at = out.find("{connector=", at + 1))
        ++samples;
    EXPECT_EQ(samples, 2'000u);
    EXPECT_THAT(out, Not(HasSubstr("trunkline_connector_gauge_m64")));
}

TEST(ConnectorMetricsTest, WritesWhatStrandsCounted) {
    ConnectorFigures figures;
    figures.strands.calls = 7;
    figures.strands.bad_input = 3;
    figures.strands.busy_us = 1'500'000;
    figures.drifting = 1;
    std::string out;
    write_connectors({{"tele", figures}}, out);
    for (const char* line :
         {"trunkline_connector_calls_total{connector=\"tele\"} 7\n",
          "trunkline_connector_bad_input_total{connector=\"tele\"} 3\n",
          "trunkline_connector_busy_seconds_total{connector=\"tele\"} 1.5\n",
          "trunkline_connector_drifting_accounts{connector=\"tele\"} 1\n"})
        EXPECT_THAT(out, HasSubstr(line));
}

TEST(ConnectorMetricsTest, WritesHowChildrenFared) {
    std::string out;
    write_children({{"tele", {5, 4, 3, 2, 1}}}, out);
    for (const char* line :
         {"trunkline_connector_child_starts_total{connector=\"tele\"} 5\n",
          "trunkline_connector_child_deaths_total{connector=\"tele\"} 4\n",
          "trunkline_connector_child_hangs_total{connector=\"tele\"} 3\n",
          "trunkline_connector_child_refused_calls_total{connector=\"tele\"} 2\n",
          "trunkline_connector_child_circuits_open{connector=\"tele\"} 1\n"})
        EXPECT_THAT(out, HasSubstr(line));
}

}  // namespace
}  // namespace trunkline::admin
