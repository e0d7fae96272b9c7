#include "host/quotas/moment.hpp"

#include <algorithm>
#include <fstream>

namespace trunkline::quotas {
namespace {

/// Linux makes another one whenever it boots. "" where there is none.
const std::string& life_of_machine() {
    static const std::string life = [] {
        std::ifstream file{"/proc/sys/kernel/random/boot_id"};
        std::string line;
        std::getline(file, line);
        return line.substr(0, 64);
    }();
    return life;
}

}  // namespace

Moment moment_of(const Clock& clock) {
    return {clock.steady(), clock.wall_ms(), life_of_machine()};
}

std::chrono::milliseconds surely_passed(const Moment& from, const Moment& to) {
    using std::chrono::milliseconds;
    const auto steady = std::chrono::floor<milliseconds>(to.steady - from.steady);
    if (!from.life.empty() && from.life == to.life && steady.count() >= 0) return steady;
    return std::max(milliseconds{to.wall - from.wall}, milliseconds{0});
}

}  // namespace trunkline::quotas
