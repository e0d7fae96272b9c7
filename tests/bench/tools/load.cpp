// Loads a webhook server and checks what comes out of it behind. One line of JSON comes out.
//   trunkline-bench-load gen   --url http://127.0.0.1:8080/hooks/p{portal}
//   trunkline-bench-load sink  --sink 127.0.0.1:9090 --seconds 60
//   trunkline-bench-load bench --url ... --sink ...
#include <atomic>
#include <chrono>
#include <csignal>
#include <cstdio>
#include <memory>
#include <thread>

#include "tests/bench/tools/generator.hpp"
#include "tests/bench/tools/sink.hpp"

namespace {

using namespace trunkline::bench;

std::atomic<bool> stop{false};  // set by a signal

// Until `wanted` have come (0: no matter how many), `limit` seconds are over, or nothing has come
// for `idle`.
void wait_for(
    const Sink& sink, const Options& options, std::uint64_t wanted, double limit, double idle
) {
    const auto start = now_ns();
    auto moved = start;
    auto told = start;
    for (auto last = sink.unique(); !stop;) {
        std::this_thread::sleep_for(std::chrono::milliseconds{20});
        const auto now = now_ns();
        if (const auto unique = sink.unique(); unique != last) {
            last = unique;
            moved = now;
        }
        if (options.every > 0 && static_cast<double>(now - told) > options.every * 1e9) {
            told = now;
            std::printf(
                "{\"at_s\":%.1f,\"delivered\":%llu}\n",
                static_cast<double>(now - start) / 1e9,
                static_cast<unsigned long long>(last)
            );
            std::fflush(stdout);
        }
        if (wanted > 0 && last >= wanted) return;
        if (static_cast<double>(now - start) > limit * 1e9) return;
        if (static_cast<double>(now - moved) > idle * 1e9) return;
    }
}

void only_load(const Options& options) {
    Generator generator{options};
    generator.run(stop);
    std::printf("{%s}\n", generator.json().c_str());
}

void only_sink(const Options& options) {
    Sink sink{options};
    std::thread runs{[&] { sink.run(); }};
    wait_for(sink, options, options.count, options.seconds, options.seconds);
    sink.finish();
    runs.join();
    std::printf("{%s}\n", sink.json(nullptr, 0).c_str());
}

void both(const Options& options) {
    Generator generator{options};
    Sink sink{options};
    std::thread runs{[&] { sink.run(); }};
    generator.run(stop);
    const auto during = sink.unique();
    const auto ended = now_ns();
    wait_for(sink, options, generator.accepted(), options.drain, options.idle);
    const auto drained = static_cast<double>(now_ns() - ended) / 1e9;
    sink.finish();
    runs.join();
    std::printf(
        "{%s,\"delivered_during_load\":%llu,\"drain_s\":%.2f,\"sink\":{%s}}\n",
        generator.json().c_str(),
        static_cast<unsigned long long>(during),
        drained,
        sink.json(&generator.ledger(), generator.started_ns()).c_str()
    );
}

}  // namespace

int main(int argc, char** argv) {
    const auto options = read_options(argc, argv);
    std::signal(SIGINT, [](int) { stop = true; });
    std::signal(SIGTERM, [](int) { stop = true; });
    if (options.mode == "gen")
        only_load(options);
    else if (options.mode == "sink")
        only_sink(options);
    else
        both(options);
}
