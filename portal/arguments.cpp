#include "portal/arguments.hpp"

namespace trunkline::portal {

const char* const kUsage =
    "usage: trunkline-portal --config FILE | --version | --help\n"
    "\n"
    "  --config FILE   run the reference portal as FILE says (see config/portal.yaml)\n"
    "  --version       print the version\n"
    "  --help          print this\n";

namespace {

Arguments refused(std::string problem) {
    Arguments out;
    out.problem = std::move(problem);
    return out;
}

}  // namespace

Arguments parse_arguments(const std::vector<std::string>& words) {
    Arguments out;
    for (std::size_t at = 0; at < words.size(); ++at) {
        const auto& word = words[at];
        if (word == "--help" || word == "--version") {
            // Asked for beside anything else: nothing is to be run.
            if (out.wish != Arguments::Wish::help)
                out.wish = word == "--help" ? Arguments::Wish::help : Arguments::Wish::version;
        } else if (word != "--config") {
            return refused("unknown word \"" + word + "\"");
        } else if (at + 1 == words.size()) {
            return refused("--config needs a file");
        } else if (!out.config.empty()) {
            return refused("--config is given twice");
        } else {
            out.config = words[++at];
        }
    }
    if (out.wish != Arguments::Wish::refuse) return out;
    if (out.config.empty()) return refused("--config FILE is missing");
    out.wish = Arguments::Wish::run;
    return out;
}

}  // namespace trunkline::portal
