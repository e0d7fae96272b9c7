#pragma once

#include <map>
#include <string>
#include <vector>

#include "host/admin/admin_side.hpp"

namespace trunkline::admin {

/// What all strands of a connector counted.
struct ConnectorFigures {
    tasks::Strand::Figures strands;
    std::uint64_t drifting = 0;  ///< strands that refused everything of late
};
using FiguresByConnector = std::map<std::string, ConnectorFigures>;

/// Asks every loop once. `[any loop]`
async::Awaitable<FiguresByConnector> connector_figures(const Rooms& rooms);
void write_connectors(const FiguresByConnector& figures, std::string& out);

/// Of connectors that run in children.
using TotalsByConnector = std::map<std::string, isolation::Children::Totals>;
void write_children(const TotalsByConnector& totals, std::string& out);

/// The figures that connectors keep themselves (trunkline.metrics/1), by connector.
using OwnMetrics = std::map<std::string, std::vector<plugins::Metric>>;
OwnMetrics own_metrics(const Rooms& rooms);
void write_own_metrics(const OwnMetrics& metrics, std::string& out);

}  // namespace trunkline::admin
