#pragma once

#include <atomic>
#include <cstdint>
#include <deque>
#include <memory>
#include <string>
#include <vector>

#include "tests/bench/tools/figures.hpp"
#include "tests/bench/tools/http.hpp"
#include "tests/bench/tools/message.hpp"
#include "tests/bench/tools/options.hpp"

namespace trunkline::bench {

/// Which messages were acknowledged, by conversation; number n is at n - 1.
using Ledger = std::vector<std::vector<bool>>;

/// Posts messages over keep-alive connections. A connection waits for each answer, and a
/// conversation has one connection: the order of acknowledgement is that of the numbers. One
/// thread.
class Generator {
public:
    explicit Generator(const Options& options);

    void run(const std::atomic<bool>& stop);

    std::string json() const;  ///< members of an object
    std::uint64_t accepted() const noexcept { return accepted_; }
    std::int64_t started_ns() const noexcept { return start_; }
    const Ledger& ledger() const noexcept { return ledger_; }

private:
    struct Connection {
        int socket = -1;
        std::vector<std::uint32_t> conversations;
        std::size_t next = 0;
        std::string out;
        std::size_t sent = 0;
        std::string in;
        bool busy = false;
        bool wants_out = false;
        Fields message;
        std::int64_t due_ns = 0;    ///< what its time is counted from
        std::int64_t again_ns = 0;  ///< when to connect; 0 = it is
        std::deque<std::int64_t> waiting;
    };

    bool more(std::int64_t now) const noexcept;
    std::int64_t due_of(std::uint64_t nth) const noexcept;
    void release(std::int64_t now);
    void connect_again(std::int64_t now);
    bool connect(Connection& connection);
    void next(Connection& connection);
    void flush(Connection& connection);
    void on_event(Connection& connection, std::uint32_t events);
    void answered(Connection& connection, int status);
    void broken(Connection& connection);

    const Options options_;
    Template body_;
    std::unique_ptr<Template> path_;
    std::string head_;  ///< what every request's head has behind its first line
    sockaddr_in address_{};
    int poll_ = -1;
    std::vector<Connection> connections_;
    std::vector<std::uint32_t> numbers_;
    Ledger ledger_;
    std::string scratch_;
    std::string scratch_body_;
    std::uint64_t issued_ = 0;
    std::uint64_t made_ = 0;
    std::uint64_t accepted_ = 0;
    std::uint64_t rejected_ = 0;
    std::uint64_t errors_ = 0;
    std::size_t busy_ = 0;
    std::size_t unconnected_ = 0;
    std::int64_t start_ = 0;
    std::int64_t end_ = 0;
    std::int64_t until_ = 0;
    Histogram times_;
};

}  // namespace trunkline::bench
