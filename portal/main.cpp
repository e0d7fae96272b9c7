// The portal: reads its configuration, starts, waits for a signal, ends in good order.
#include <csignal>
#include <cstdio>

#include <boost/asio/signal_set.hpp>
#include <spdlog/sinks/stdout_sinks.h>
#include <spdlog/spdlog.h>

#include "portal/arguments.hpp"
#include "portal/portal.hpp"

namespace trunkline::portal {

namespace {

int run(Config config) {
    spdlog::set_default_logger(spdlog::stderr_logger_mt("trunkline-portal"));
    spdlog::set_pattern("%Y-%m-%dT%H:%M:%S.%eZ %l %v", spdlog::pattern_time_type::utc);
    spdlog::flush_on(spdlog::level::warn);
    // Caught from the first moment on, so that an early signal ends in good order too.
    boost::asio::io_context waiting{1};
    boost::asio::signal_set signals{waiting, SIGINT, SIGTERM};
    signals.async_wait([](const boost::system::error_code&, int) {});

    auto portal = Portal::build(std::move(config));
    if (!portal) {
        spdlog::critical("portal.not_built reason={}", portal.error().context);
        return 1;
    }
    if (auto started = (*portal)->start(); !started) {
        spdlog::critical("portal.not_started reason={}", started.error().context);
        return 1;
    }
    waiting.run();
    spdlog::info("portal.stopping");
    (*portal)->stop();
    return 0;
}

int begin(const std::vector<std::string>& words) {
    const auto arguments = parse_arguments(words);
    switch (arguments.wish) {
        case Arguments::Wish::help:
            std::fputs(kUsage, stdout);
            return 0;
        case Arguments::Wish::version:
            std::puts("trunkline-portal " TRUNKLINE_VERSION);
            return 0;
        case Arguments::Wish::refuse:
            std::fprintf(stderr, "trunkline-portal: %s\n%s", arguments.problem.c_str(), kUsage);
            return 2;
        case Arguments::Wish::run:
            break;
    }
    auto loaded = load_config(arguments.config);
    for (const auto& problem : loaded.problems)
        std::fprintf(stderr, "%s\n", problem.c_str());
    if (!loaded.config) return 2;
    std::signal(SIGPIPE, SIG_IGN);
    return run(*std::move(loaded.config));
}

}  // namespace

}  // namespace trunkline::portal

int main(int count, char** values) {
    try {
        return trunkline::portal::begin({values + 1, values + count});
    } catch (const std::exception& error) {
        std::fprintf(stderr, "trunkline-portal: %s\n", error.what());
        return 1;
    }
}
