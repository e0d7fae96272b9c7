#include "tests/bench/tools/options.hpp"

#include <algorithm>
#include <functional>
#include <map>
#include <stdexcept>

#include "tests/bench/tools/http.hpp"

namespace trunkline::bench {
namespace {

using Setter = std::function<void(Options&, const std::string&)>;

template <class Member>
Setter set_number(Member Options::*member) {
    return [member](Options& options, const std::string& text) {
        std::size_t used = 0;
        const double value = std::stod(text, &used);
        if (used != text.size() || value < 0) throw std::invalid_argument{text};
        options.*member = static_cast<Member>(value);
    };
}

Setter set_text(std::string Options::*member) {
    return [member](Options& options, const std::string& text) { options.*member = text; };
}

const std::map<std::string, Setter>& setters() {
    static const std::map<std::string, Setter> all{
        {"--url", set_text(&Options::url)},
        {"--sink", set_text(&Options::sink)},
        {"--header",
         [](Options& options, const std::string& text) { options.headers.push_back(text); }},
        {"--portals", set_number(&Options::portals)},
        {"--conversations", set_number(&Options::conversations)},
        {"--connections", set_number(&Options::connections)},
        {"--size", set_number(&Options::size)},
        {"--first", set_number(&Options::first)},
        {"--rate", set_number(&Options::rate)},
        {"--seconds", set_number(&Options::seconds)},
        {"--count", set_number(&Options::count)},
        {"--drain", set_number(&Options::drain)},
        {"--idle", set_number(&Options::idle)},
        {"--hang-below", set_number(&Options::hang_below)},
        {"--watch-from", set_number(&Options::watch_from)},
        {"--every", set_number(&Options::every)}};
    return all;
}

}  // namespace

Options read_options(int argc, char** argv) {
    Options options;
    if (argc < 2) give_up("usage: trunkline-bench-load gen|sink|bench [--option value]...");
    options.mode = argv[1];
    for (int i = 2; i < argc; i += 2) {
        const std::string name = argv[i];
        const auto setter = setters().find(name);
        if (setter == setters().end()) give_up("no such option: " + name);
        if (i + 1 == argc) give_up("an option without its value: " + name);
        try {
            setter->second(options, argv[i + 1]);
        } catch (const std::exception&) {
            give_up(name + " is no number: " + argv[i + 1]);
        }
    }
    const bool loads = options.mode == "gen" || options.mode == "bench";
    const bool sinks = options.mode == "sink" || options.mode == "bench";
    if (!loads && !sinks) give_up("the mode is gen, sink or bench, not " + options.mode);
    if (loads && options.url.empty()) give_up("--url is missing");
    if (sinks && options.sink.empty()) give_up("--sink is missing");
    if (options.portals == 0 || options.conversations == 0 || options.connections == 0)
        give_up("there is at least one portal, one conversation and one connection");
    // A conversation's order is that of its one connection.
    options.connections = std::min(options.connections, options.conversations);
    return options;
}

}  // namespace trunkline::bench
