// trunkline-runner: runs one connector in a process of its own, so that what it breaks is this
// process. Started by the host, not by people.
#include <cstdio>
#include <string_view>

#include "host/runner/serve.hpp"
#include "host/runner/try.hpp"

int main(int count, char** words) {
    const std::string_view mode = count > 1 ? words[1] : "";
    if (mode == "serve") return trunkline::runner::serve({words + 2, words + count});
    if (mode == "try" && count == 3) return trunkline::runner::try_connector(words[2]);
    std::fputs("trunkline-runner is started by trunkline; it has no use of its own\n", stderr);
    return 2;
}
