// The host: reads its configuration, builds its rooms, opens its doors, and ends in good order.
#include <algorithm>
#include <csignal>
#include <cstdlib>
#include <exception>
#include <future>
#include <iostream>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <malloc.h>
#include <spdlog/sinks/stdout_sinks.h>
#include <spdlog/spdlog.h>

#include "host/config/config.hpp"
#include "host/connector_review.hpp"
#include "host/host.hpp"

namespace {

struct Arguments {
    std::string config;
    bool check = false;
    bool version = false;
};

std::optional<Arguments> parse(int count, char** values) {
    Arguments out;
    for (int i = 1; i < count; ++i) {
        const std::string_view word{values[i]};
        if (word == "--config" && i + 1 < count)
            out.config = values[++i];
        else if (word == "--check")
            out.check = true;
        else if (word == "--version")
            out.version = true;
        else
            return std::nullopt;
    }
    if (out.config.empty() && !out.version) return std::nullopt;
    return out;
}

/// Reads and prints what is wrong; without a configuration when that stops the start.
trunkline::config::Loaded read(const std::string& file, trunkline::Occasion occasion) {
    trunkline::config::Loaded loaded = trunkline::config::load(
        file, trunkline::config::process_environment(), trunkline::connector_review(occasion)
    );
    for (const auto& problem : loaded.problems)
        std::cerr << trunkline::config::to_string(problem) << '\n';
    return loaded;
}

/// What a reading needs in between is ten times what stays of it, and lies around it: memory of
/// which no page could be given back. So another thread reads, out of its own arena, and what stays
/// is copied from there.
trunkline::config::Loaded read_apart(const std::string& file, trunkline::Occasion occasion) {
    trunkline::config::Loaded kept;
    {
        const auto apart = std::async(std::launch::async, read, file, occasion).get();
        kept = apart;
    }
    malloc_trim(0);
    return kept;
}

/// Against the reading that runs, however often it was read since.
void tell_changes(const std::string& file, const std::vector<std::string>& keys) {
    constexpr std::size_t kTold = 100;
    spdlog::warn("config.read file={} changed={} effect=at_the_next_start", file, keys.size());
    for (std::size_t i = 0; i < std::min(keys.size(), kTold); ++i)
        spdlog::warn("config.changed key={} effect=at_the_next_start", keys[i]);
}

/// Each large block that is freed raises the size from which glibc asks the system for one of its
/// own (mallopt(3)). The store's write buffers would soon come out of the threads' arenas and tear
/// holes into them that nothing fits into: a third more resident memory, for ever. A size that
/// stands makes them come and go.
void let_large_blocks_go() {
    constexpr int kLarge = 256 << 10U;
    mallopt(M_MMAP_THRESHOLD, kLarge);
    mallopt(M_TRIM_THRESHOLD, 4 * kLarge);
}

/// Signals are waited for by this thread alone; every other thread inherits the mask.
sigset_t block_signals() {
    sigset_t signals;
    sigemptyset(&signals);
    for (const int signal : {SIGINT, SIGTERM, SIGHUP})
        sigaddset(&signals, signal);
    pthread_sigmask(SIG_BLOCK, &signals, nullptr);
    std::signal(SIGPIPE, SIG_IGN);
    return signals;
}

int run(int count, char** values) {
    let_large_blocks_go();
    const auto arguments = parse(count, values);
    if (!arguments) {
        std::cerr << "usage: trunkline --config FILE [--check] | --version\n";
        return 2;
    }
    if (arguments->version) {
        std::cout << "trunkline " TRUNKLINE_VERSION "\n";
        return 0;
    }
    using trunkline::Occasion;
    auto loaded =
        read_apart(arguments->config, arguments->check ? Occasion::check : Occasion::start);
    if (!loaded.config) return 2;
    if (arguments->check) {
        std::cout << arguments->config << ": ok\n";
        return 0;
    }

    spdlog::set_default_logger(spdlog::stderr_logger_mt("trunkline"));
    spdlog::set_pattern("%Y-%m-%dT%H:%M:%S.%eZ %l %v", spdlog::pattern_time_type::utc);
    spdlog::flush_on(spdlog::level::warn);
    const sigset_t signals = block_signals();

    auto host = trunkline::Host::build(*std::move(loaded.config));
    if (!host) {
        spdlog::critical("host.not_built reason={}", host.error().context);
        return 1;
    }
    if (auto started = (*host)->start(); !started) {
        spdlog::critical("host.not_started reason={}", started.error().context);
        return 1;
    }
    spdlog::info(
        "host.started public_port={} admin_port={}", (*host)->public_port(), (*host)->admin_port()
    );

    for (int signal = 0; sigwait(&signals, &signal) == 0 && signal == SIGHUP;) {
        // What a running host is made of does not change yet; a reading that would not start is
        // told now, not then.
        const auto again = read_apart(arguments->config, Occasion::start);
        if (!again.config) {
            spdlog::error("config.refused file={} effect=the_present_one_stays", arguments->config);
            continue;
        }
        tell_changes(
            arguments->config, trunkline::config::changed_keys(loaded.written, again.written)
        );
    }
    spdlog::info("host.stopping");
    (*host)->stop();
    return 0;
}

}  // namespace

int main(int count, char** values) {
    try {
        return run(count, values);
    } catch (const std::exception& error) {
        // What nobody below could answer for, such as memory that was refused.
        std::cerr << "trunkline: cannot go on: " << error.what() << '\n';
    } catch (...) {
        std::cerr << "trunkline: cannot go on\n";
    }
    return 1;
}
