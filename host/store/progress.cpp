#include "host/store/progress.hpp"

#include <algorithm>

namespace trunkline::store {

void Progress::close_up() {
    auto it = beyond.begin();
    while (it != beyond.end() && *it <= head) {
        if (*it == head) ++head;
        ++it;
    }
    beyond.erase(beyond.begin(), it);
}

void Progress::finish_through(Sequence through) {
    if (through < head) return;
    head = through + 1;
    close_up();
}

void Progress::finish(Sequence one) {
    if (one < head) return;
    const auto at = std::lower_bound(beyond.begin(), beyond.end(), one);
    if (at == beyond.end() || *at != one) beyond.insert(at, one);
    close_up();
}

void Progress::merge(const Progress& other) {
    if (other.head > head) finish_through(other.head - 1);
    for (const auto one : other.beyond)
        finish(one);
}

bool Progress::finished(Sequence one) const {
    return one < head || std::binary_search(beyond.begin(), beyond.end(), one);
}

}  // namespace trunkline::store
