#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace trunkline::bench {

/// What `trunkline-bench-load` is told. Every option is `--name value`.
struct Options {
    std::string mode;  ///< gen: load only; sink: the receiver only; bench: both in one, which knows
                       ///< exactly what was acknowledged
    std::string url;   ///< {portal} and the other fields are filled in
    std::string sink;  ///< 127.x.y.z:port
    std::vector<std::string> headers;
    std::uint32_t portals = 8;  ///< portal = conversation modulo portals
    std::uint32_t conversations = 256;
    std::uint32_t connections = 64;
    std::size_t size = 1000;            ///< bytes of a body
    std::uint64_t first = 100'000'000;  ///< the first update's number; another load takes others
    double rate =
        0;  ///< messages a second, counted from when they are due; 0 = as fast as answers come
    double seconds = 10;
    std::uint64_t count = 0;       ///< messages in all; 0 = until the time is over
    double drain = 15;             ///< seconds in which the rest may arrive at the sink ...
    double idle = 3;               ///< ... and without any that ends it
    std::uint32_t hang_below = 0;  ///< portals with a lower number get no answer from the sink
    std::uint32_t watch_from = 0;  ///< only conversations of portals from this one on are timed
    double every = 0;              ///< sink: a line of figures every so many seconds
};

Options read_options(int argc, char** argv);  ///< ends the program, saying why, when it cannot

}  // namespace trunkline::bench
