#include "host/lanes/patience.hpp"

#include "host/lanes/destination.hpp"

namespace trunkline::lanes {

namespace {

/// "19 h 12 min", "45 min", "3 s": the two largest units.
std::string span(WallMs ms) {
    const auto seconds = ms / 1'000;
    const auto minutes = seconds / 60;
    const auto hours = minutes / 60;
    if (hours > 0) return std::to_string(hours) + " h " + std::to_string(minutes % 60) + " min";
    if (minutes > 0) return std::to_string(minutes) + " min " + std::to_string(seconds % 60) + " s";
    return std::to_string(seconds) + " s";
}

}  // namespace

std::string code_of(const Warning& warning) {
    return "retention_" + std::to_string(warning.percent);
}

std::string text_of(const Warning& warning) {
    const auto all = warning.expires_ms - warning.oldest_ms;
    return "the oldest event has waited for " + std::to_string(warning.percent) + " % of " +
           span(all) + "; " + std::to_string(warning.waiting) +
           (warning.waiting == 1 ? " event waits" : " events wait");
}

}  // namespace trunkline::lanes
