#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "tests/bench/tools/figures.hpp"
#include "tests/bench/tools/generator.hpp"
#include "tests/bench/tools/message.hpp"

namespace trunkline::bench {

/// All the portals: takes whatever is posted, answers 200, and looks for marks in it. The path ends
/// in the portal's number. One thread runs it; `unique` may be asked from others.
class Sink {
public:
    explicit Sink(const Options& options);
    ~Sink();
    Sink(const Sink&) = delete;
    Sink& operator=(const Sink&) = delete;

    void run();
    void finish() { done_ = true; }
    std::uint64_t unique() const { return unique_.load(std::memory_order_relaxed); }

    /// Members of an object. Lost is what was acknowledged and is missing; without a ledger, what
    /// is missing below the highest number of a conversation. Rates count from `started_ns`, or,
    /// when that is 0, from the first message.
    std::string json(const Ledger* ledger, std::int64_t started_ns) const;

private:
    struct Connection {
        int socket = -1;
        std::string in;
        bool hangs = false;
    };
    struct Seen {
        std::vector<bool> got;
        std::uint64_t highest = 0;
    };

    void welcome();
    void on_data(Connection& connection);
    bool hangs(std::string_view start_line) const;
    void note(const Mark& mark, std::int64_t now);
    bool has(std::size_t conversation, std::size_t index) const;

    const Options options_;
    int listener_ = -1;
    int poll_ = -1;
    std::vector<std::unique_ptr<Connection>> connections_;
    std::vector<Seen> seen_;
    std::string scratch_;
    std::atomic<std::uint64_t> unique_{0};
    std::atomic<bool> done_{false};
    std::uint64_t requests_ = 0;
    std::uint64_t repeats_ = 0;
    std::uint64_t reordered_ = 0;
    std::int64_t first_ = 0;
    std::int64_t last_ = 0;
    Histogram times_;
};

}  // namespace trunkline::bench
