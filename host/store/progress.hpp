#pragma once

#include <vector>

#include "host/store/store.hpp"

namespace trunkline::store {

/// Which records of one lane are finished: all below `head`, and those in `beyond`. It only ever
/// grows, and taking the same step twice changes nothing, so steps may be applied again after a
/// crash or a failed write. A value.
struct Progress {
    static constexpr std::size_t kBeyondMax = 256;

    Sequence head = 1;
    std::vector<Sequence> beyond;  ///< ascending, each above `head`

    void finish_through(Sequence through);
    void finish(Sequence one);
    void merge(const Progress& other);
    bool finished(Sequence one) const;

    friend bool operator==(const Progress&, const Progress&) = default;

private:
    void close_up();
};

}  // namespace trunkline::store
